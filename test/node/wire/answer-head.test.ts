import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import * as fc from 'fast-check';
import { type AnswerHead, parseAnswerHead } from '../../../src/node/wire/answer-head.ts';

const head = (...lines: readonly string[]): string => ['HTTP/1.1 200 OK', ...lines].join('\r\n');

function read(text: string): AnswerHead {
  const parsed = parseAnswerHead(text);
  return parsed === 'odd' ? assert.fail(`it is odd: ${text}`) : parsed;
}

const token = fc
  .array(fc.constantFrom(...Array.from("abcXYZ019!#$%&'*+.^_`|~-")), { minLength: 1, maxLength: 12 })
  .map((characters) => `x-${characters.join('')}`);
const value = fc.string({ unit: fc.constantFrom(...Array.from('aZ09 ,:;="\t/?ÿ')), maxLength: 30 });

describe('the head of an answer', () => {
  test('is read as it was written: names in lower case, values without the space around them', () => {
    const fields = fc.uniqueArray(fc.tuple(token, value), { selector: ([name]) => name.toLowerCase(), maxLength: 8 });
    fc.assert(
      fc.property(fields, fc.integer({ min: 100, max: 599 }), (entries, status) => {
        const lines = entries.map(([name, text]) => `${name}: ${text}`);
        const parsed = read([`HTTP/1.1 ${status} Said so`, ...lines].join('\r\n'));
        assert.equal(parsed.status, status);
        const expected = Object.fromEntries(entries.map(([name, text]) => [name.toLowerCase(), text.trim()]));
        assert.deepEqual({ ...parsed.headers }, expected);
      }),
    );
  });

  test('joins values of one name, but for cookies, and for what may stand there only once', () => {
    const { headers, setCookie } = read(head('A: 1', 'Set-Cookie: a=1, b', 'a:2', 'set-cookie: c', 'A: '));
    assert.deepEqual([headers.a, setCookie], ['1, 2, ', ['a=1, b', 'c']]);
    assert.equal(headers['set-cookie'], undefined);
  });

  test('takes the first of what can be only one, and keeps no connection of HTTP/1.0', () => {
    const { headers, keepMs } = read('HTTP/1.0 302 x\r\ncontent-length: 0\r\nlocation: /a\r\nLocation: /b');
    assert.deepEqual([headers.location, keepMs], ['/a', 0]);
  });

  test('may name a header as objects name their parts', () => {
    const { headers } = read(head('__proto__: a', 'constructor: b', 'content-length: 3'));
    assert.deepEqual([Object.keys(headers).length, headers.constructor], [3, 'b']);
    assert.equal(({} as { a?: string }).a, undefined);
  });

  test('tells the length of the body, and whether the connection may be used again', () => {
    const of = (...lines: readonly string[]): unknown[] => {
      const { length, keepMs } = read(head(...lines));
      return [length, keepMs > 0];
    };
    assert.deepEqual(of('Content-Length: 10'), [10, true]);
    assert.deepEqual(of('content-length: 0', 'connection: keep-alive'), [0, true]);
    assert.deepEqual(of('content-length: 10', 'Connection: Close'), [10, false]);
    assert.deepEqual(of('content-length: 10', 'Connection: foo, close'), [10, false]);
    assert.deepEqual(of('Transfer-Encoding: Chunked'), ['chunked', true]);
    assert.deepEqual(of(), ['rest', false]);
    for (const status of [100, 103, 204, 304]) {
      assert.equal(read(`HTTP/1.1 ${status} x\r\ncontent-length: 10`).length, 0);
    }
  });

  test('to HEAD has no body, whatever it says', () => {
    for (const lines of [['content-length: 10'], ['transfer-encoding: chunked'], []]) {
      const parsed = parseAnswerHead(head(...lines), true);
      assert.ok(parsed !== 'odd' && parsed.length === 0 && parsed.keepMs > 0);
    }
  });

  test('may say for how long a connection may be used again: one second less is', () => {
    const keptMs = (hint: string): number => read(head('content-length: 0', `Keep-Alive: ${hint}`)).keepMs;
    assert.deepEqual(['timeout=5', 'max=100, timeout=75', 'timeout=0', 'timeout=1'].map(keptMs), [4000, 74_000, 0, 0]);
    assert.deepEqual(['max=5', 'timeout=', 'timeout=-1', 'xtimeout=5'].map(keptMs), Array(4).fill(Infinity));
  });

  for (const [what, text] of [
    ['of HTTP/2', 'HTTP/2 200\r\ncontent-length: 1'],
    ['without a status', 'HTTP/1.1 OK'],
    ['with a status of four digits', 'HTTP/1.1 2000 OK'],
    ['with a status that nobody knows', 'HTTP/1.1 600 OK'],
    ['that is empty', ''],
    ['of TLS', '\x16\x03\x01\x02'],
    ['with two lengths', head('content-length: 5', 'content-length: 6')],
    ['with the same length twice', head('content-length: 5', 'Content-Length: 5')],
    ['with a list of lengths', head('content-length: 5, 5')],
    ['with a signed length', head('content-length: +5')],
    ['with a negative length', head('content-length: -5')],
    ['with a length in hexadecimal', head('content-length: 0x5')],
    ['with an empty length', head('content-length: ')],
    ['with a length beyond all numbers', head(`content-length: ${'9'.repeat(16)}`)],
    ['with a length and chunks', head('content-length: 5', 'transfer-encoding: chunked')],
    ['with a coding that is not chunks', head('transfer-encoding: gzip, chunked')],
    ['with two codings', head('transfer-encoding: chunked', 'transfer-encoding: identity')],
    ['with two ranges', head('content-length: 5', 'content-range: bytes 0-4/5', 'content-range: bytes 1-5/6')],
    ['with two encodings', head('content-length: 5', 'content-encoding: gzip', 'content-encoding: identity')],
    ['with a folded line', head('a: b', ' c', 'content-length: 5')],
    ['with a space before the colon', head('content-length : 5')],
    ['with a line without a colon', head('content-length')],
    ['with a name that is none', head('content(length): 5')],
    ['with a bare line feed', head('a: b\ncontent-length: 5')],
    ['with a bare carriage return', head('a: b\rcontent-length: 5')],
    ['with a zero byte', head('a: b\0')],
    ['with an empty line in it', head('', 'content-length: 5')],
  ] as const) {
    test(`is odd ${what}`, () => {
      assert.equal(parseAnswerHead(text), 'odd');
    });
  }

  test('is read or odd, whatever it is', () => {
    const words = ['HTTP/1.1 ', '200', ' OK', '\r\n', '\r', '\n', 'content-length', 'transfer-encoding', ':', ' ', ','];
    const near = fc.array(fc.constantFrom(...words, 'chunked', '5', '\0', 'set-cookie', 'é'), { maxLength: 30 });
    const any = fc.oneof(
      near.map((parts) => parts.join('')),
      near.map((parts) => `HTTP/1.1 200 OK\r\n${parts.join('')}`),
      fc.string(),
    );
    fc.assert(
      fc.property(any, (text) => {
        const parsed = parseAnswerHead(text);
        if (parsed === 'odd') return;
        const { length, headers, keepMs } = parsed;
        assert.ok(typeof length === 'string' || (Number.isSafeInteger(length) && length >= 0));
        assert.ok(length !== 'rest' || keepMs === 0);
        assert.ok(
          headers['content-length'] === undefined || headers['transfer-encoding'] === undefined || length === 0,
        );
      }),
    );
  });

  test('takes no longer than it is long, however hostile', () => {
    const size = 1 << 18;
    const many = 1 << 16;
    for (const hostile of [
      head('a'.repeat(size)),
      head(`a:${' '.repeat(size)}\0`),
      head(`a: b${' \t'.repeat(size)}\0`),
      head(...Array.from({ length: many }, () => 'a: b'), 'c'),
      head(`connection: ${'clos'.repeat(size)}\0`),
      `HTTP/1.1 200${' '.repeat(size)}\0`,
      '\r\n'.repeat(size),
    ]) {
      assert.equal(parseAnswerHead(hostile), 'odd');
    }
    assert.equal(read(head(...Array.from({ length: many }, () => 'a: b'))).headers.a?.length, many * 3 - 2);
  });
});
