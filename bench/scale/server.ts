/**
 * A registry of one size, as a process of its own, so that it shares no thread with what is measured. It prints where it listens.
 *
 *   scale/server.ts KIND SIZE
 */
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { offerOf } from './offer.ts';
import { serveOffer } from './serve-offer.ts';
import type { Kind } from './works.ts';

const [kind = '', size = ''] = process.argv.slice(2);
const server = createServer(serveOffer(await offerOf(kind as Kind, Number(size))));
server.listen(0, '127.0.0.1', () => {
  console.log(`listening on 127.0.0.1:${(server.address() as AddressInfo).port}`);
});
