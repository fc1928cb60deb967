/** The program of a transfer thread: it answers what it is asked, each transfer for itself. */
import { parentPort } from 'node:worker_threads';
import { type Asked, type Failure, HELLO, type Questions, type Told } from './protocol.ts';
import { forgetTransport } from './routes.ts';
import { ended, openTransfer, type Transfer, TransferFailure } from './transfer.ts';

const transfers = new Map<number, Transfer>();
const say = (told: Told): void => parentPort?.postMessage(told, []);

say({ hello: HELLO });
parentPort?.on('message', (asked: Asked) => {
  if ('forget' in asked) forgetTransport(asked.forget);
  else void answer(asked);
});

async function answer(asked: Exclude<Asked, { readonly forget: string }>): Promise<void> {
  const { number } = asked;
  try {
    say({ number, result: await resultOf(asked) });
  } catch (error) {
    say({ number, failure: failureOf(error) });
  }
}

function resultOf({ transfer, question, args }: Exclude<Asked, { readonly forget: string }>): unknown {
  if (question === 'open') {
    const [sink, expected] = args as Parameters<Questions['open']>;
    transfers.set(
      transfer,
      openTransfer(sink, expected, (news) => say({ transfer, news })),
    );
    return undefined;
  }
  const asked = transfers.get(transfer);
  if (question === 'close') transfers.delete(transfer);
  else if (asked === undefined) throw ended();
  const ask = asked?.[question] as ((...args: unknown[]) => unknown) | undefined;
  return ask?.apply(asked, [...args]);
}

function failureOf(error: unknown): Failure {
  return error instanceof TransferFailure ? error.failure : { message: String(error), where: 'source' };
}
