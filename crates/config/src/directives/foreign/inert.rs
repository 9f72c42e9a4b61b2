//! Directives that tune something that does not exist here: accepted, said once.

use super::Family;

const fn inert(why: &'static str, names: &'static str) -> Family {
    Family { module: "", why, instead: "", names }
}

/// Each family with the reason why nothing is lost without it.
pub(super) const INERT: &[Family] = &[
    inert(
        "threads of one process accept on sockets of their own: there is nothing to take turns at",
        "accept_mutex accept_mutex_delay lock_file multi_accept",
    ),
    inert(
        "there is one way to wait for events, the one that suits the system",
        "devpoll_changes devpoll_events epoll_events kqueue_changes kqueue_events
        rtsig_overflow_events rtsig_overflow_test rtsig_overflow_threshold rtsig_signo
        timer_resolution use worker_aio_requests connections",
    ),
    inert(
        "workers are threads of one process: there is no master",
        "master_process env worker_threads thread_stack_size",
    ),
    inert(
        "the system places the threads; priority, cores and limits are the service manager's",
        "worker_cpu_affinity worker_priority worker_rlimit_core worker_rlimit_sigpending",
    ),
    inert(
        "help for debugging nginx itself",
        "debug_connection debug_points google_perftools_profiles",
    ),
    inert("regular expressions are always compiled", "pcre_jit"),
    inert("cryptography is rustls', not OpenSSL's", "ssl_engine ssl_object_cache_inheritable"),
    inert(
        "the kernel sends files wherever it can, else they are read in pieces from the page cache",
        "aio aio_write directio directio_alignment output_buffers read_ahead sendfile
        sendfile_max_chunk thread_pool subrequest_output_buffer_size",
    ),
    inert(
        "files are opened and looked at on every request: what is served is never outdated",
        "open_file_cache open_file_cache_errors open_file_cache_events open_file_cache_min_uses
        open_file_cache_valid",
    ),
    inert(
        "bytes leave as soon as they are there, joined where they wait for each other",
        "postpone_output send_lowat tcp_nopush",
    ),
    inert(
        "buffers have the size of what is in them, and tables grow by themselves",
        "client_body_buffer_size client_body_in_single_buffer connection_pool_size
        map_hash_bucket_size map_hash_max_size referer_hash_bucket_size referer_hash_max_size
        request_pool_size server_names_hash_bucket_size server_names_hash_max_size
        types_hash_bucket_size types_hash_max_size variables_hash_bucket_size
        variables_hash_max_size",
    ),
    inert("bodies of requests never go to disk", "client_body_in_file_only client_body_temp_path"),
    inert(
        "the compressor allocates what it needs, and each message is flushed at once",
        "gzip_buffers gzip_hash gzip_no_buffer gzip_window",
    ),
    inert(
        "made for Internet Explorer 6; no client of today needs it",
        "ancient_browser ancient_browser_value keepalive_disable modern_browser
        modern_browser_value msie_padding msie_refresh",
    ),
    inert(
        "texts are sent in the encoding in which they are; nothing is converted",
        "charset_map override_charset source_charset",
    ),
    inert(
        "as in nginx, keepalive_timeout, keepalive_requests, client_header_timeout and \
         large_client_header_buffers hold for HTTP/2 too",
        "http2_idle_timeout http2_max_field_size http2_max_header_size http2_max_requests
        http2_recv_timeout",
    ),
    inert(
        "HTTP/2 needs no memory that could be set aside, and browsers have given up server push",
        "http2_max_concurrent_pushes http2_pool_size http2_push http2_push_preload
        http2_recv_buffer_size http2_streams_index_size",
    ),
    inert(
        "keepalive_timeout and keepalive_requests bound a connection's life",
        "keepalive_min_timeout keepalive_time",
    ),
    inert(
        "a connection lingers only behind a refusal, for lingering_timeout",
        "lingering_close lingering_time",
    ),
    inert(
        "the log shows what a request came to, not each step on the way",
        "log_subrequest rewrite_log uninitialized_variable_warn",
    ),
    inert(
        "names of old releases of nginx, without effect there too",
        "optimize_host_names
        optimize_server_names restrict_host_names upstream_conf",
    ),
    inert(
        "files are never uploaded by WebDAV, nor cookies given to visitors",
        "min_delete_depth
        userid_domain",
    ),
    inert(
        "answers of upstreams never go to disk; what waits for a client is proxy_buffers",
        "proxy_busy_buffers_size proxy_max_temp_file_size proxy_temp_file_write_size
        proxy_temp_path",
    ),
    inert(
        "tables grow by themselves, and bytes leave as soon as they are there",
        "proxy_headers_hash_bucket_size proxy_headers_hash_max_size proxy_send_lowat",
    ),
    inert("certificates are read once, when the configuration is", "proxy_ssl_certificate_cache"),
    inert(
        "certificates are read once, when the configuration is",
        "ssl_certificate_cache ssl_certificate_compression",
    ),
    inert("records of TLS have the size of what they carry", "ssl_buffer_size"),
    inert(
        "keys of session tickets are drawn at start and changed every few hours",
        "ssl_session_ticket_key",
    ),
    inert(
        "certificate authorities are ending OCSP, and browsers work without a stapled answer",
        "ssl_ocsp_cache ssl_stapling ssl_stapling_file ssl_stapling_responder
        ssl_stapling_verify",
    ),
    Family {
        module: "Nchan",
        why: "messages stay in memory, whatever their size",
        instead: "",
        names: "nchan_message_temp_path",
    },
    Family {
        module: "Nchan",
        why: "a message is compressed when the first WebSocket wants it so, where the subscribers' \
              location has push_stream_websocket_deflate on",
        instead: "",
        names: "nchan_deflate_message_for_websocket nchan_permessage_deflate_compression_level
        nchan_permessage_deflate_compression_memlevel
        nchan_permessage_deflate_compression_strategy
        nchan_permessage_deflate_compression_window",
    },
];
