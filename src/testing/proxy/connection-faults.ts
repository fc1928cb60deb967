/** Faults of the port, of the connection, and of the way of a request to the registry. */
import { headerIn } from './message.ts';
import { first, type RequestFacts } from './exchange.ts';
import type { FaultNameIn } from './fault-names.ts';
import type { UnnamedFault } from './types.ts';

const hasBody = ({ headers }: RequestFacts): boolean =>
  Number(headers['content-length'] ?? 0) > 0 || headers['transfer-encoding'] !== undefined;

export const connectionFaults: Readonly<Record<FaultNameIn<'connection'>, UnnamedFault>> = {
  'connect-refused': { at: 'listener', listener: 'closed' },
  'connect-black-hole': { at: 'listener', listener: 'deaf' },
  'accept-then-reset': { at: 'connection', connection: 'reset' },
  'accept-then-end': { at: 'connection', connection: 'end' },
  /** A kept connection that the server has closed meanwhile: the second request on it finds out. */
  'reset-reused': {
    at: 'request',
    fits: (_, { reused }) => reused,
    befall: async ({ client }) => {
      client.reset();
      return false;
    },
  },
  'reset-after-head': {
    at: 'request',
    befall: async ({ client }) => {
      client.reset();
      return false;
    },
  },
  /** The registry gets the first half. */
  'reset-mid-request': {
    at: 'request',
    fits: hasBody,
    befall: async ({ client, ask, body, head, leave }) => {
      const length = body.length ?? Number(headerIn(head.headers, 'content-length') ?? 2);
      const half = async function* (): AsyncGenerator<Uint8Array> {
        yield* first(body.bytes, Math.ceil(length / 2));
        client.reset();
        leave();
      };
      await ask({ bytes: half() }).catch(() => undefined);
      return false;
    },
  },
  /** Neither a 100 nor anything else ever comes, and the body stays unread. */
  'continue-never': {
    at: 'request',
    fits: hasBody,
    befall: async ({ client }) => {
      await client.hold();
      return false;
    },
  },
};

export const tlsFaults: Readonly<Record<FaultNameIn<'tls'>, UnnamedFault>> = {
  'tls-alert': { at: 'connection', connection: 'tls-alert' },
  'certificate-expired': { at: 'connection', connection: 'expired-certificate' },
  'certificate-other-host': { at: 'connection', connection: 'other-certificate' },
};
