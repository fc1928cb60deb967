/** Clients as a user of Node expects them: kept connections, the proxies of the environment, and docker's and podman's credentials. */
import { type Client, type ClientOptions, createClient as createCoreClient } from '../registry/client.ts';
import { createV1Client as createCoreV1Client, type V1Client, type V1ClientOptions } from '../v1/client.ts';
import { dockerCredentials } from './credentials/docker-config.ts';
import { certificateDirectories } from './http/tls.ts';
import { nodeTransport } from './http/transport.ts';

/**
 * Begins a session. Whatever is not given is as the machine is set up: credentials of docker and podman, `HTTPS_PROXY` and
 * `NO_PROXY`, `SSL_CERT_FILE`, and the certificates in `certs.d`.
 * @example
 * const client = createClient();
 * const manifest = await client.repository('alpine').manifest('3');
 */
export function createClient(options: ClientOptions = {}): Client {
  return createCoreClient({ ...options, ...ofThisMachine(options) });
}

/**
 * Begins a session with registries of the retired v1 protocol, set up in the same way.
 * @example
 * const client = createV1Client();
 * const id = await client.imageId('registry.example.com/team/app', 'latest');
 */
export function createV1Client(options: V1ClientOptions = {}): V1Client {
  return createCoreV1Client({ ...options, ...ofThisMachine(options) });
}

type Machine = Required<Pick<ClientOptions, 'transport' | 'credentials'>>;

function ofThisMachine({ transport, credentials }: Pick<ClientOptions, 'transport' | 'credentials'>): Machine {
  return {
    transport: transport ?? nodeTransport({ certificateDirectories: certificateDirectories() }),
    credentials: credentials ?? dockerCredentials(),
  };
}
