import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { digestOf } from '../../src/bytes/hash.ts';
import { createMemoryRegistry } from '../../src/store/memory.ts';
import { seededBytes } from '../../src/testing/fixtures.ts';
import { createApi, errorCodes, locationOf } from '../support/api.ts';
import { createFeed, settle } from '../support/streams.ts';

const bytes = seededBytes(1000, 'session');
const digest = digestOf(bytes);
const HOUR = 60 * 60 * 1000;

describe('open uploads', () => {
  it('are bounded for each repository, and one that ends makes room', async () => {
    const api = createApi({ limits: { uploadsPerRepository: 3 } });
    const post = (): ReturnType<typeof api.send> => api.send('POST', '/v2/r/blobs/uploads/');
    const open = await Promise.all([post(), post(), post(), post(), post()]);
    const statuses = open.map(({ status }) => status).sort((a, b) => a - b);
    assert.deepEqual(statuses, [202, 202, 202, 429, 429]);
    const refused = await post();
    assert.deepEqual(errorCodes(refused), ['TOOMANYREQUESTS']);
    assert.equal(refused.headers.get('retry-after'), '60');
    assert.equal((await api.send('POST', '/v2/other/blobs/uploads/')).status, 202);
    const [first, second] = open.filter(({ status }) => status === 202);
    assert.ok(first && second);
    await api.send('DELETE', locationOf(first));
    await api.send('PUT', locationOf(second, { digest }), { body: bytes });
    assert.equal((await post()).status, 202);
    assert.equal((await post()).status, 202);
    assert.equal((await post()).status, 429);
  });

  it('are a thousand at most, unless told', async () => {
    const api = createApi();
    for (let count = 0; count < 1000; count++) await api.send('POST', '/v2/r/blobs/uploads/');
    assert.equal((await api.send('POST', '/v2/r/blobs/uploads/')).status, 429);
  });

  it('are given up when they have rested for a day, and not while somebody works on them', async () => {
    let now = 0;
    const api = createApi({ now: () => now });
    const resting = await api.send('POST', '/v2/r/blobs/uploads/');
    const working = await api.send('POST', '/v2/r/blobs/uploads/');
    now = 23 * HOUR;
    await api.send('PATCH', locationOf(working), { body: bytes });
    now = 24 * HOUR;
    assert.equal((await api.send('GET', locationOf(resting))).status, 404);
    assert.equal((await api.send('GET', locationOf(working))).status, 204);
  });

  it('are not given up in the middle of a request', async () => {
    let now = 0;
    const api = createApi({ now: () => now });
    const start = await api.send('POST', '/v2/r/blobs/uploads/');
    const feed = createFeed();
    const slow = api.send('PUT', locationOf(start, { digest }), { body: feed.stream });
    feed.push(bytes.subarray(0, 500));
    await settle();
    now = 30 * HOUR;
    assert.equal((await api.send('POST', '/v2/r/blobs/uploads/')).status, 202);
    feed.push(bytes.subarray(500));
    feed.end();
    assert.equal((await slow).status, 201);
  });

  it('go on in another server over the same registry', async () => {
    const registry = createMemoryRegistry();
    const [one, two] = [createApi({ registry }), createApi({ registry })];
    const start = await one.send('POST', '/v2/r/blobs/uploads/');
    await one.send('PATCH', locationOf(start), { body: bytes.subarray(0, 400) });
    assert.equal((await two.send('GET', locationOf(start))).headers.get('range'), '0-399');
    const done = await two.send('PUT', locationOf(start, { digest }), { body: bytes.subarray(400) });
    assert.equal(done.status, 201);
  });
});

describe('a client that goes away', () => {
  it('leaves what it has sent, and can go on from there', async () => {
    const api = createApi();
    const start = await api.send('POST', '/v2/r/blobs/uploads/');
    const feed = createFeed();
    const broken = api.send('PATCH', locationOf(start), { body: feed.stream });
    feed.push(bytes.subarray(0, 300));
    await settle();
    feed.fail(new Error('aborted'));
    assert.equal((await broken).status, 499);
    assert.equal((await api.send('GET', locationOf(start))).headers.get('range'), '0-299');
    const rest = { headers: { 'content-range': '300-999' }, body: bytes.subarray(300) };
    assert.equal((await api.send('PUT', locationOf(start, { digest }), rest)).status, 201);
    assert.deepEqual((await api.send('GET', `/v2/r/blobs/${digest}`)).bytes, bytes);
  });

  it('ends the work when its request is aborted, even while nothing comes', async () => {
    const api = createApi();
    const start = await api.send('POST', '/v2/r/blobs/uploads/');
    const [feed, gone] = [createFeed(), new AbortController()];
    const broken = api.send('PATCH', locationOf(start), { body: feed.stream, signal: gone.signal });
    feed.push(bytes.subarray(0, 300));
    await settle();
    gone.abort();
    assert.equal((await broken).status, 499);
    assert.equal((await api.send('GET', locationOf(start))).headers.get('range'), '0-299');
  });

  it('and comes back while its first request still hangs takes the upload over', async () => {
    const api = createApi();
    const start = await api.send('POST', '/v2/r/blobs/uploads/');
    const feed = createFeed();
    const hanging = api.send('PATCH', locationOf(start), { body: feed.stream });
    feed.push(bytes.subarray(0, 300));
    await settle();
    const rest = { headers: { 'content-range': '300-999' }, body: bytes.subarray(300) };
    const taken = await api.send('PUT', locationOf(start, { digest }), rest);
    assert.equal(taken.status, 201, taken.text);
    assert.equal((await hanging).status, 499);
    assert.equal(feed.cancelled, true);
    assert.deepEqual((await api.send('GET', `/v2/r/blobs/${digest}`)).bytes, bytes);
  });

  it('in the middle of a POST with the whole blob leaves nothing', async () => {
    const registry = createMemoryRegistry();
    const api = createApi({ registry, limits: { uploadsPerRepository: 1 } });
    const feed = createFeed();
    const broken = api.send('POST', `/v2/r/blobs/uploads/?digest=${digest}`, { body: feed.stream });
    feed.push(bytes.subarray(0, 300));
    await settle();
    feed.fail(new Error('aborted'));
    assert.equal((await broken).status, 499);
    assert.equal((await api.send('POST', '/v2/r/blobs/uploads/')).status, 202, 'its place is free again');
  });
});
