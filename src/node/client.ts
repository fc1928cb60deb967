/** A client as a user of Node expects it: `node:http`, the proxies of the environment, and docker's and podman's credentials. */
import { type Client, type ClientOptions, createClient as createCoreClient } from '../registry/client.ts';
import { dockerCredentials } from './docker-config.ts';
import { certificateDirectories } from './tls.ts';
import { nodeTransport } from './transport.ts';

/**
 * Begins a session. Whatever is not given is as the machine is set up: credentials of docker and podman, `HTTPS_PROXY` and
 * `NO_PROXY`, `SSL_CERT_FILE`, and the certificates in `certs.d`.
 * @example
 * const client = createClient();
 * const manifest = await client.repository('alpine').manifest('3');
 */
export function createClient(options: ClientOptions = {}): Client {
  return createCoreClient({
    ...options,
    transport: options.transport ?? nodeTransport({ certificateDirectories: certificateDirectories() }),
    credentials: options.credentials ?? dockerCredentials(),
  });
}
