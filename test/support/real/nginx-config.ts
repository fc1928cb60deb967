/** The configuration of nginx in front of a registry: what is proxied, what is redirected, and what is refused. */

export interface FrontOptions {
  /** `/some/prefix`. */
  readonly pathPrefix: string;
  readonly ports: { readonly front: number; readonly blobs: number };
  /** Host and port of the registry. */
  readonly backend: string;
}

/** Part of the URL of a blob's bytes; without it the blob origin refuses. */
export const SIGNATURE = 'not-for-logs';

export function nginxConfiguration({ pathPrefix, ports, backend }: FrontOptions): string {
  const scratch = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map(
    (name) => `${name}_temp_path scratch/${name};`,
  );
  return `
daemon off;
master_process off;
pid nginx.pid;
error_log stderr notice;
events {}
http {
  ${scratch.join('\n  ')}
  client_max_body_size 0;
  proxy_http_version 1.1;
  proxy_request_buffering off;
  proxy_buffering off;
  map $upstream_http_link $prefixed_link {
    "~^</v2/(?<rest>.*)$" "<${pathPrefix}/v2/$rest";
  }
  server {
    listen 127.0.0.1:${ports.front};
    access_log front.log combined;
    auth_basic "prefix";
    auth_basic_user_file htpasswd;
    location ${pathPrefix}/v2/ {
      proxy_pass http://${backend}/v2/;
      proxy_set_header Host $http_host;
      proxy_set_header Authorization "";
      proxy_redirect http://$http_host/v2/ http://$http_host${pathPrefix}/v2/;
      proxy_hide_header Link;
      add_header Link $prefixed_link always;
    }
    # The password is asked for before try_files, which "return" alone would not wait for.
    location ~ "^${pathPrefix}(?<blob>/v2/.+/blobs/[a-z0-9]+:[0-9a-f]+)$" {
      try_files /nonexistent @blob;
    }
    location @blob {
      if ($request_method = GET) {
        return 307 http://127.0.0.1:${ports.blobs}$blob?signature=${SIGNATURE};
      }
      proxy_pass http://${backend}$blob;
      proxy_set_header Authorization "";
    }
  }
  server {
    listen 127.0.0.1:${ports.blobs};
    access_log blobs.log combined;
    if ($http_authorization) {
      return 400 "Only one auth mechanism allowed";
    }
    if ($arg_signature != "${SIGNATURE}") {
      return 403 "Signature does not match";
    }
    location / {
      proxy_pass http://${backend};
    }
  }
}
`;
}
