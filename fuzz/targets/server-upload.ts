/**
 * Uploads as a sequence of steps, a byte for what is done and one for how much: the server and a model of a list of bytes agree after
 * each, and what becomes a blob is what was accepted.
 */
import assert from 'node:assert/strict';
import * as fc from 'fast-check';
import { digestOf } from '../../src/bytes/hash.ts';
import { seededBytes } from '../../src/testing/fixtures.ts';
import { type Api, createApi, locationOf } from '../../test/support/api.ts';
import { lines } from '../lines.ts';
import type { FuzzTarget } from '../target.ts';

const source = seededBytes(20_000, 'steps');
const STEPS = 40;

/** An upload as it should stand. */
interface Model {
  readonly session: string;
  /** How many bytes of the source; undefined: it is over. */
  size: number | undefined;
}

export const target: FuzzTarget = {
  name: 'server-upload',
  corpus: () => lines('server-upload'),
  arbitrary: fc.uint8Array({ maxLength: 2 * STEPS }),
  tokens: ['oa', 'cz', 's0', 'f0', 'w0', 'x5', 'q0', 'd0', 'm0'],
  share: 1 / 10,
  async run(input) {
    const api = createApi();
    const uploads: Model[] = [];
    let isKept = false;
    for (let at = 0; at + 1 < Math.min(input.length, 2 * STEPS); at += 2) {
      const [what = 0, size = 0] = input.subarray(at, at + 2);
      if (uploads.length === 0 || String.fromCharCode(what) === 'o') {
        const begun = await api.send('POST', '/v2/r/blobs/uploads/');
        assert.equal(begun.status, 202);
        uploads.push({ session: locationOf(begun), size: 0 });
      } else {
        const upload = uploads[(what >> 5) % uploads.length] ?? uploads[0];
        if (upload !== undefined) isKept = (await step(api, upload, what, size)) || isKept;
      }
    }
    return isKept ? 'taken' : 'refused';
  },
};

/** @returns has it become a blob? */
async function step(api: Api, upload: Model, what: number, size: number): Promise<boolean> {
  switch ('csfwxqdm'['csfwxqdm'.indexOf(String.fromCharCode(what))] ?? 'csfwxqdm'[what % 8]) {
    case 'c':
      return append(api, upload, size, upload.size ?? 0);
    case 's':
      return append(api, upload, size, undefined);
    case 'x':
      return append(api, upload, size, (upload.size ?? 0) + 1 + (size % 7));
    case 'f':
      return finish(api, upload, source.subarray(0, upload.size ?? 0));
    case 'w':
      return finish(api, upload, source.subarray(1, (upload.size ?? 0) + 2));
    case 'd': {
      const { status } = await api.send('DELETE', upload.session);
      assert.equal(status, upload.size === undefined ? 404 : 204);
      upload.size = undefined;
      return false;
    }
    case 'm': {
      const { status } = await api.send('PATCH', upload.session, { headers: { 'content-range': '5-1' }, body: 'abc' });
      assert.equal(status, upload.size === undefined ? 404 : 400);
      return false;
    }
    default: {
      const { status, headers } = await api.send('GET', upload.session);
      assert.equal(status, upload.size === undefined ? 404 : 204);
      if (upload.size !== undefined) assert.equal(headers.get('range'), `0-${Math.max(0, upload.size - 1)}`);
      return false;
    }
  }
}

/** A chunk that says where it stands, or a stream that does not. */
async function append(api: Api, upload: Model, size: number, from: number | undefined): Promise<boolean> {
  const begin = from ?? upload.size ?? 0;
  const body = source.subarray(begin, begin + size);
  const headers: Record<string, string> =
    from === undefined || size === 0 ? {} : { 'content-range': `${begin}-${begin + size - 1}` };
  const follows = begin === upload.size || Object.keys(headers).length === 0;
  const sent = follows && upload.size !== undefined ? source.subarray(upload.size, upload.size + size) : body;
  const { status } = await api.send('PATCH', upload.session, { headers, body: sent });
  assert.equal(status, upload.size === undefined ? 404 : follows ? 202 : 416);
  if (follows && upload.size !== undefined) upload.size += size;
  return false;
}

async function finish(api: Api, upload: Model, claimed: Uint8Array): Promise<boolean> {
  const digest = digestOf(claimed);
  const done = await api.send('PUT', `${upload.session}?digest=${digest}`);
  const isRight = upload.size === claimed.length && digest === digestOf(source.subarray(0, upload.size));
  assert.equal(done.status, upload.size === undefined ? 404 : isRight ? 201 : 400, done.text);
  if (upload.size === undefined) return false;
  upload.size = undefined;
  if (!isRight) return false;
  const { bytes } = await api.send('GET', locationOf(done));
  assert.deepEqual(Buffer.from(bytes), Buffer.from(claimed));
  return true;
}
