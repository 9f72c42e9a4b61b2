//! Directives that change who gets in or what is served, and are not implemented.

use super::Family;

const fn refused(why: &'static str, instead: &'static str, names: &'static str) -> Family {
    Family { module: "", why, instead, names }
}

/// Of a module that is not part of nginx.
const fn third(
    module: &'static str,
    why: &'static str,
    instead: &'static str,
    names: &'static str,
) -> Family {
    Family { module, why, instead, names }
}

const SCRIPTS: &str = "there is no interpreter of scripts inside the server";
const SCRIPTS_INSTEAD: &str = "let the application do it, and pass the request on to it";

/// Each family with the reason and, where there is one, what to do instead.
pub(super) const REFUSED: &[Family] = &[
    refused(
        "only HTTP is served",
        "keep nginx or another proxy for these ports, on the same machine if need be",
        "mail stream ssl_preread proxy_protocol_timeout zone_sync",
    ),
    refused(
        "only files, the proxy and the push locations make answers",
        "remove it, or pass the location on to a server that has it",
        "add_after_body add_before_body addition_types create_full_put_path dav_access dav_methods
        f4f f4f_buffer_size flv hls hls_buffers hls_forward_args hls_fragment
        hls_mp4_buffer_size hls_mp4_max_buffer_size image_filter image_filter_buffer
        image_filter_interlace image_filter_jpeg_quality image_filter_sharpen
        image_filter_transparency image_filter_webp_quality mp4 mp4_buffer_size mp4_limit_rate
        mp4_limit_rate_after mp4_max_buffer_size mp4_start_key_frame random_index slice ssi
        ssi_ignore_recycled_buffers ssi_last_modified ssi_min_file_chunk ssi_silent_errors
        ssi_types ssi_value_length sub_filter sub_filter_last_modified sub_filter_once
        sub_filter_types xml_entities xslt_last_modified xslt_param xslt_string_param
        xslt_stylesheet xslt_types",
    ),
    refused(
        "stored compressed answers are sent as they are",
        "keep the uncompressed files beside them",
        "gunzip gunzip_buffers",
    ),
    refused(
        "this way of deciding about access is not there",
        "protect the location by addresses, auth_basic, auth_jwt or auth_request",
        "auth_delay auth_jwt_header_set auth_jwt_type
        valid_referers",
    ),
    refused(
        "methods cannot be restricted one by one",
        "use `if ($request_method !~ ...) { return 403; }`",
        "limit_except",
    ),
    refused("this old way of counting is not there", "use limit_conn_zone", "limit_zone"),
    refused(
        "answers of upstreams are never kept",
        "remove it: the application and its clients decide what is kept",
        "proxy_cache proxy_cache_* proxy_no_cache proxy_store proxy_store_access",
    ),
    refused(
        "answers leave as fast as the client takes them",
        "remove it if the client may be fast",
        "limit_rate limit_rate_after",
    ),
    refused(
        "the PROXY protocol is not spoken",
        "let the proxy set X-Real-IP or X-Forwarded-For, and use set_real_ip_from",
        "proxy_protocol proxy_protocol_tlv",
    ),
    refused(
        "addresses have no attributes but those of `geo`",
        "use `geo` with the blocks that matter",
        "geoip_city geoip_country geoip_org geoip_proxy geoip_proxy_recursive",
    ),
    refused(
        "requests are neither copied nor looked at afterwards",
        "remove it",
        "mirror mirror_request_body post_action internal_redirect",
    ),
    refused("headers come before the body only", "use add_header", "add_trailer early_hints"),
    refused(
        "visitors get no cookies from the server",
        "let the application set them",
        "userid userid_expires userid_flags userid_mark userid_name userid_p3p userid_path
        userid_service",
    ),
    refused(
        "servers of an upstream stand in the file, and are judged by what they answer",
        "write `server` for each of them, with max_fails and fail_timeout",
        "state match health_check sticky sticky_cookie_insert ntlm least_time queue",
    ),
    refused(
        "HTTP/3 is not spoken",
        "remove it: clients fall back to HTTP/2 and HTTP/1.1",
        "http3 http3_hq http3_max_concurrent_streams http3_stream_buffer_size
        quic_active_connection_id_limit quic_bpf quic_gso quic_host_key quic_retry",
    ),
    refused(
        "TLS is rustls', without OpenSSL's own settings",
        "remove it, or write `listen ... ssl` in the place of `ssl on`",
        "ssl ssl_alpn ssl_conf_command ssl_early_data ssl_handshake_timeout ssl_key_log ssl_ocsp
        ssl_ocsp_responder",
    ),
    third(
        "nginx Plus",
        "part of the commercial nginx",
        "remove it",
        "api keyval keyval_zone mgmt
        oidc_provider session_log session_log_format session_log_zone status status_format
        status_zone",
    ),
    third(
        "OpenTelemetry",
        "traces are not exported",
        "remove it",
        "otel_exporter
        otel_service_name otel_span_attr otel_span_name otel_trace otel_trace_context",
    ),
    third(
        "njs",
        SCRIPTS,
        SCRIPTS_INSTEAD,
        "js_access js_body_filter js_content
        js_fetch_buffer_size js_fetch_ciphers js_fetch_max_response_buffer_size
        js_fetch_protocols js_fetch_timeout js_fetch_trusted_certificate js_fetch_verify
        js_fetch_verify_depth js_filter js_header_filter js_import js_include js_path js_periodic
        js_preload_object js_set js_shared_dict_zone js_var",
    ),
    third("Perl", SCRIPTS, SCRIPTS_INSTEAD, "perl perl_modules perl_require perl_set"),
    third(
        "Lua (OpenResty)",
        SCRIPTS,
        SCRIPTS_INSTEAD,
        "content_by_lua content_by_lua_block
        content_by_lua_file access_by_lua access_by_lua_block access_by_lua_file rewrite_by_lua
        rewrite_by_lua_block rewrite_by_lua_file set_by_lua set_by_lua_block set_by_lua_file
        init_by_lua init_by_lua_block init_by_lua_file init_worker_by_lua
        init_worker_by_lua_block init_worker_by_lua_file header_filter_by_lua
        header_filter_by_lua_block header_filter_by_lua_file body_filter_by_lua
        body_filter_by_lua_block body_filter_by_lua_file balancer_by_lua_block
        balancer_by_lua_file ssl_certificate_by_lua_block ssl_certificate_by_lua_file log_by_lua
        log_by_lua_block log_by_lua_file lua_package_path lua_package_cpath lua_shared_dict
        lua_code_cache lua_*",
    ),
    third(
        "headers-more",
        "headers of requests and answers are set by nginx's own directives",
        "use add_header NAME VALUE always",
        "more_set_headers more_clear_headers more_set_input_headers more_clear_input_headers",
    ),
    third("echo", "made for experiments", "use return 200 TEXT", "echo echo_*"),
    third(
        "Brotli",
        "gzip is the compression here",
        "use gzip, with gzip_types as in brotli_types",
        "brotli brotli_types brotli_comp_level brotli_static brotli_*",
    ),
    third(
        "Zstandard",
        "gzip is the compression here",
        "use gzip, with gzip_types as in zstd_types",
        "zstd zstd_*",
    ),
    third(
        "Passenger",
        "applications run in processes of their own",
        "start the application with its own server (puma, gunicorn) and use proxy_pass",
        "passenger_enabled passenger_root passenger_ruby rails_env passenger_*",
    ),
    third(
        "upload",
        "uploads are the application's",
        "use proxy_pass",
        "upload_progress
        upload_pass upload_*",
    ),
    third(
        "ModSecurity",
        "requests are not inspected",
        "keep the inspecting proxy in front",
        "modsecurity modsecurity_*",
    ),
    third(
        "RTMP",
        "only HTTP is served",
        "keep nginx or another server for these ports",
        "rtmp rtmp_*",
    ),
    third("PageSpeed", "answers are not rewritten", "remove it", "pagespeed pagespeed_*"),
    third(
        "VTS",
        "figures have another form here",
        "use push_stream_channels_statistics",
        "vhost_traffic_status vhost_traffic_status_*",
    ),
    third(
        "GeoIP2",
        "addresses have no attributes",
        "use `map $remote_addr ...`",
        "geoip2 geoip2_*",
    ),
    third(
        "HTTP push module",
        "names of weeks of 2009, and of other forks",
        "write push_publisher or push_subscriber, and push_max_message_buffer_length",
        "push_broadcast_channel_max_qtd push_client push_destination
        push_max_message_storage_length push_max_message_storage_size push_server push_source",
    ),
    third(
        "Nchan",
        "channels are kept in memory by this server alone: there is no Redis behind them",
        "remove it; let one server have all subscribers of a channel",
        "nchan_redis_* nchan_storage_engine nchan_use_redis",
    ),
    third(
        "Nchan",
        "groups are name spaces: they have neither limits nor a location of their own",
        "use nchan_max_channel_subscribers and push_stream_shared_memory_size",
        "nchan_channel_group_accounting nchan_group_location nchan_group_max_channels
        nchan_group_max_messages nchan_group_max_messages_disk nchan_group_max_messages_memory
        nchan_group_max_subscribers",
    ),
    third(
        "Nchan",
        "the load generator is a program of its own",
        "run `outpour bench`",
        "nchan_benchmark nchan_benchmark_*",
    ),
    third(
        "Nchan",
        "subscribers are counted, not listed",
        "use GET on the publisher, or push_stream_subscribe_request to keep a list",
        "nchan_subscriber_info nchan_subscriber_info_*",
    ),
    third(
        "Nchan",
        "a long-poll gets one message",
        "remove it: the next request gets the next message at once",
        "nchan_longpoll_multipart_response",
    ),
    third(
        "Nchan",
        "heartbeats of WebSockets are ping and pong frames",
        "use nchan_websocket_ping_interval",
        "nchan_websocket_client_heartbeat",
    ),
    refused(
        "answers leave as fast as the client takes them",
        "remove it if the upstream may be fast",
        "proxy_limit_rate",
    ),
    refused(
        "ranges of an answer are the upstream's business",
        "let the upstream answer them",
        "proxy_force_ranges",
    ),
    refused("trailers are not sent on", "remove it", "proxy_pass_trailers"),
    refused(
        "TLS is rustls', without OpenSSL's own settings",
        "remove it",
        "proxy_ssl_conf_command proxy_ssl_crl proxy_ssl_key_log",
    ),
    refused(
        "only HTTP is spoken with applications",
        "let the application listen for HTTP and use proxy_pass",
        "fastcgi_* uwsgi_* scgi_* grpc_* memcached_*",
    ),
    refused("requests do not become tunnels", "remove it", "tunnel_*"),
    refused(
        "certificates are not ordered by the server",
        "let certbot or another client renew them, then reload",
        "acme_*",
    ),
];
