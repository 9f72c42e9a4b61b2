//! nginx's directives that have no row: accepted without effect, or not implemented.

use std::collections::HashMap;
use std::sync::LazyLock;

/// How a directive of nginx without a row is treated.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Foreign {
    /// Tunes something that does not exist here: accepted, said once.
    Inert,
    /// Changes who gets in or what is served, and is not implemented: stops the start.
    Refused,
}

/// Directives without meaning here.
const INERT: &str = "
    accept_mutex accept_mutex_delay debug_connection debug_points devpoll_changes
    devpoll_events env epoll_events google_perftools_profiles kqueue_changes kqueue_events
    lock_file master_process multi_accept pcre_jit rtsig_overflow_events
    rtsig_overflow_test rtsig_overflow_threshold rtsig_signo ssl_engine ssl_object_cache_inheritable
    thread_pool timer_resolution use worker_aio_requests worker_cpu_affinity worker_priority
    worker_rlimit_core worker_rlimit_sigpending worker_threads thread_stack_size
    connections

     aio aio_write ancient_browser ancient_browser_value charset_map
    client_body_buffer_size client_body_in_file_only client_body_in_single_buffer
    client_body_temp_path connection_pool_size directio directio_alignment
    gzip_buffers gzip_disable gzip_hash gzip_no_buffer gzip_window http2_body_preread_size
    http2_chunk_size http2_idle_timeout http2_max_concurrent_pushes http2_max_concurrent_streams
    http2_max_field_size http2_max_header_size http2_max_requests http2_pool_size http2_push
    http2_push_preload http2_recv_buffer_size http2_recv_timeout http2_streams_index_size
     keepalive_disable keepalive_min_timeout keepalive_time lingering_close
    lingering_time log_subrequest map_hash_bucket_size map_hash_max_size
    min_delete_depth modern_browser modern_browser_value msie_padding msie_refresh
    open_file_cache open_file_cache_errors open_file_cache_events open_file_cache_min_uses
    open_file_cache_valid open_log_file_cache optimize_host_names optimize_server_names
    output_buffers override_charset postpone_output read_ahead
    referer_hash_bucket_size referer_hash_max_size request_pool_size
    resolver resolver_timeout restrict_host_names rewrite_log send_lowat sendfile
    sendfile_max_chunk server_names_hash_bucket_size
    server_names_hash_max_size source_charset ssl_buffer_size ssl_certificate_cache
    ssl_certificate_compression ssl_ocsp_cache ssl_session_ticket_key ssl_stapling
    ssl_stapling_file ssl_stapling_responder ssl_stapling_verify subrequest_output_buffer_size tcp_nopush
    types_hash_bucket_size types_hash_max_size uninitialized_variable_warn userid_domain
    variables_hash_bucket_size variables_hash_max_size
     upstream_conf
";

/// Directives that change who gets in or what is served.
const REFUSED: &str = "
    mail stream

    add_after_body add_before_body add_trailer addition_types api auth_basic
    auth_basic_user_file auth_delay auth_jwt auth_jwt_claim_set auth_jwt_header_set
    auth_jwt_key_cache auth_jwt_key_file auth_jwt_key_request auth_jwt_leeway auth_jwt_require
    auth_jwt_type auth_request auth_request_set
     create_full_put_path dav_access dav_methods early_hints empty_gif
     f4f f4f_buffer_size flv geo geoip_city geoip_country geoip_org geoip_proxy
    geoip_proxy_recursive gunzip gunzip_buffers health_check hls hls_buffers
    hls_forward_args hls_fragment hls_mp4_buffer_size hls_mp4_max_buffer_size http2 http3 http3_hq
    http3_max_concurrent_streams http3_stream_buffer_size image_filter image_filter_buffer
    image_filter_interlace image_filter_jpeg_quality image_filter_sharpen
    image_filter_transparency image_filter_webp_quality internal_redirect
    js_access js_body_filter js_content js_fetch_buffer_size js_fetch_ciphers
    js_fetch_max_response_buffer_size js_fetch_protocols js_fetch_timeout
    js_fetch_trusted_certificate js_fetch_verify js_fetch_verify_depth js_filter
    js_header_filter js_import js_include js_path js_periodic js_preload_object js_set
    js_shared_dict_zone js_var keyval keyval_zone limit_conn limit_conn_dry_run
    limit_conn_log_level limit_conn_status limit_conn_zone limit_except limit_rate
    limit_rate_after limit_req limit_req_dry_run limit_req_log_level limit_req_status
    limit_req_zone limit_zone match mgmt mirror mirror_request_body mp4 mp4_buffer_size
    mp4_limit_rate mp4_limit_rate_after mp4_max_buffer_size mp4_start_key_frame
    oidc_provider otel_exporter otel_service_name otel_span_attr otel_span_name otel_trace
    otel_trace_context perl perl_modules perl_require perl_set post_action proxy_protocol
    proxy_protocol_timeout proxy_protocol_tlv quic_active_connection_id_limit quic_bpf quic_gso
    quic_host_key quic_retry random_index real_ip_header real_ip_recursive
     satisfy secure_link secure_link_md5 secure_link_secret session_log
    session_log_format session_log_zone set_real_ip_from slice split_clients ssi
    ssi_ignore_recycled_buffers ssi_last_modified ssi_min_file_chunk ssi_silent_errors ssi_types
    ssi_value_length ssl ssl_alpn ssl_conf_command ssl_crl ssl_early_data ssl_handshake_timeout ssl_key_log
    ssl_ocsp ssl_ocsp_responder ssl_password_file ssl_preread
    state status status_format status_zone stub_status
    sub_filter sub_filter_last_modified sub_filter_once sub_filter_types
    upstream userid userid_expires userid_flags userid_mark userid_name userid_p3p userid_path
    userid_service valid_referers xml_entities xslt_last_modified xslt_param xslt_string_param
    xslt_stylesheet xslt_types zone zone_sync

    content_by_lua content_by_lua_block content_by_lua_file access_by_lua access_by_lua_block
    access_by_lua_file rewrite_by_lua rewrite_by_lua_block rewrite_by_lua_file set_by_lua
    set_by_lua_block set_by_lua_file init_by_lua init_by_lua_block init_by_lua_file
    init_worker_by_lua init_worker_by_lua_block init_worker_by_lua_file header_filter_by_lua
    header_filter_by_lua_block header_filter_by_lua_file body_filter_by_lua
    body_filter_by_lua_block body_filter_by_lua_file log_by_lua log_by_lua_block log_by_lua_file
    lua_package_path lua_package_cpath lua_shared_dict lua_code_cache more_set_headers
    more_clear_headers more_set_input_headers more_clear_input_headers echo brotli brotli_types
    brotli_comp_level brotli_static passenger_enabled passenger_root passenger_ruby rails_env
    upload_progress upload_pass

    push_authorized_channels_only push_broadcast_channel_max_qtd push_buffer_size
    push_channel_group push_channel_timeout push_delete_oldest_received_message
    push_listener push_max_channel_id_length push_max_channel_subscribers
    push_max_message_buffer_length push_max_message_storage_length push_max_message_storage_size
    push_max_reserved_memory push_message_buffer_length push_message_timeout
    push_min_message_buffer_length push_min_message_recipients push_publisher push_queue_messages
    push_sender push_store_messages push_subscriber push_subscriber_concurrency
    push_subscriber_timeout
";

/// Families of which every member is not implemented.
const REFUSED_FAMILIES: [&str; 9] =
    ["proxy_", "fastcgi_", "uwsgi_", "scgi_", "grpc_", "memcached_", "nchan_", "tunnel_", "acme_"];

static BY_NAME: LazyLock<HashMap<&'static str, Foreign>> = LazyLock::new(|| {
    let inert = INERT.split_whitespace().map(|name| (name, Foreign::Inert));
    let refused = REFUSED.split_whitespace().map(|name| (name, Foreign::Refused));
    inert.chain(refused).collect()
});

/// How `name` is treated; `None` if nginx does not know it either.
pub(crate) fn foreign(name: &str) -> Option<Foreign> {
    let family = || REFUSED_FAMILIES.iter().any(|family| name.starts_with(family));
    BY_NAME.get(name).copied().or_else(|| family().then_some(Foreign::Refused))
}

/// Names for "did you mean".
pub(crate) fn names() -> impl Iterator<Item = &'static str> {
    INERT.split_whitespace().chain(REFUSED.split_whitespace())
}

/// The names that are accepted without effect, and those that are refused, both sorted.
pub(crate) fn lists() -> (Vec<&'static str>, Vec<&'static str>) {
    let sorted = |list: &'static str| {
        let mut names: Vec<&str> = list.split_whitespace().collect();
        names.sort_unstable();
        names
    };
    (sorted(INERT), sorted(REFUSED))
}
