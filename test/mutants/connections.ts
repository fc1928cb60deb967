/** Guards of our own connections: that an answer is the one to its request, and that nothing else may follow what is unfinished. */
import type { Mutant } from './mutant.ts';

const answers = 'test/node/transport-answers.test.ts';
const exchanges = 'test/node/wire/exchange.test.ts';

export const connectionMutants: readonly Mutant[] = [
  {
    family: 'connections',
    guard: 'a connection that was ended is not used again',
    file: 'src/node/wire/connection.ts',
    find: 'if (this.socket.isDestroyed) return; //',
    replace: '//',
    tests: [exchanges, answers],
  },
  {
    family: 'connections',
    guard: 'bytes behind an answer end its connection',
    file: 'src/node/wire/connection.ts',
    find: 'const isClean = this.#begin === this.#fill && this.socket.isFlushed;',
    replace: 'const isClean = true;',
    tests: [answers],
  },
  {
    family: 'connections',
    guard: 'bytes that nobody asked for end a connection',
    file: 'src/node/wire/connection.ts',
    find: 'this.destroy(); // nothing was asked for',
    replace: '',
    tests: [answers],
  },
  {
    family: 'connections',
    guard: 'a piece is put when the one before is done with',
    file: 'src/node/wire/wire-exchange.ts',
    find: 'this.#put === undefined || this.#isWaiting || this.#framing.isOver',
    replace: 'this.#put === undefined || this.#framing.isOver',
    tests: [exchanges],
  },
  {
    family: 'connections',
    guard: 'one exchange ends no connection of another',
    file: 'src/node/wire/wire-exchange.ts',
    find: 'destroy(): void {\n    if (this.#isFinished) return;',
    replace: 'destroy(): void {',
    tests: [exchanges],
  },
  {
    family: 'connections',
    guard: 'a request that is not idempotent is not sent twice for an odd answer',
    file: 'src/node/http/direct.ts',
    find: "if (request.method === 'GET' || request.method === 'HEAD') return undefined;",
    replace: 'return undefined;',
    tests: [answers],
  },
  {
    family: 'connections',
    guard: 'no header goes out twice',
    file: 'src/node/wire/request-head.ts',
    find: 'if (!isPlain || !isOnce) return undefined;',
    replace: 'if (!isPlain) return undefined;',
    tests: ['test/node/wire/request-head.test.ts'],
  },
];
