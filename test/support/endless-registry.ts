/** A registry every one of whose documents has no end: it says as much as the client takes, as fast as it takes it. */
import type { ServerResponse } from 'node:http';
import type { Descriptor } from '../../src/model/descriptor.ts';
import { OCI_CONFIG, OCI_INDEX, OCI_MANIFEST } from '../../src/model/media-types.ts';
import { type Origin, startOrigin } from './http-origin.ts';

export type Endpoint = 'manifest' | 'config' | 'token' | 'tags' | 'catalog' | 'referrers' | 'error';

/** Its documents, each with the bytes that are read of one before it is given up. */
export const endpoints: Readonly<Record<Endpoint, number>> = {
  manifest: 8 * 1024 * 1024,
  config: 8 * 1024 * 1024,
  token: 128 * 1024,
  tags: 8 * 1024 * 1024,
  catalog: 8 * 1024 * 1024,
  referrers: 8 * 1024 * 1024,
  error: 128 * 1024,
};

const PIECE = Buffer.alloc(64 * 1024, 'a');

/** The config of the image `image` is said to have a gigabyte: what ends its reading is the limit of configs. */
const config: Descriptor = { mediaType: OCI_CONFIG, digest: `sha256:${'0'.repeat(64)}`, size: 2 ** 30 };
const image = JSON.stringify({ schemaVersion: 2, mediaType: OCI_MANIFEST, config, layers: [] });

/** @param most bytes of a document; then nothing more comes, and the connection stays. Without an end unless told. */
export function startEndlessRegistry(most: number = Number.POSITIVE_INFINITY): Promise<Origin> {
  return startOrigin((request, response) => {
    const { pathname } = new URL(request.url ?? '/', 'http://localhost');
    const [name, reference] = [pathname.split('/')[2], pathname.split('/').at(-1)];
    if (reference === 'image') return void response.writeHead(200, { 'content-type': OCI_MANIFEST }).end(image);
    if (name === 'private' && pathname.startsWith('/v2/')) {
      const realm = `http://${request.headers.host}/token`;
      return void response.writeHead(401, { 'www-authenticate': `Bearer realm="${realm}",service="r"` }).end();
    }
    const type = pathname.includes('/referrers/') ? OCI_INDEX : 'application/json';
    response.writeHead(name === 'refusing' ? 400 : 200, { 'content-type': type });
    say(response, most);
  });
}

function say(response: ServerResponse, most: number): void {
  let said = response.write('{"tags":["') ? 10 : 0;
  const more = (): void => {
    while (said < most) {
      said += PIECE.length;
      if (!response.write(PIECE)) return void response.once('drain', more);
    }
  };
  more();
}
