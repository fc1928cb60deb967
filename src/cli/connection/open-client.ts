/** A client for registries, and what it is made of. Loaded only by commands that talk to one. */
import { type Client, createClient } from '../../registry/client.ts';
import { type Connection, type ConnectionOptions, openConnection } from './connection.ts';

/** @throws OciError `USAGE`, `CONFIG_INVALID` */
export async function openClient(options: ConnectionOptions): Promise<{ client: Client; connection: Connection }> {
  const connection = await openConnection(options);
  return { client: createClient(connection), connection };
}
