import assert from 'node:assert/strict';
import { after, before, beforeEach, describe, test } from 'node:test';
import { drain } from '../../src/bytes/read.ts';
import { fixedCredentials } from '../../src/http/credentials.ts';
import type { Activity } from '../../src/model/call.ts';
import { rejection } from '../support/failure.ts';
import type { OriginRequest } from '../support/http-origin.ts';
import { CHAIN, TAGS, TOP } from '../support/v1-images.ts';
import { ALICE } from '../support/v1-index.ts';
import { startV1World, type V1World } from '../support/v1-server.ts';

let world: V1World;
let app: string;

before(async () => {
  world = await startV1World();
});
after(() => world[Symbol.asyncDispose]());
beforeEach(() => {
  world.expire();
  world.lines();
  for (const { requests } of [world.index, world.registry, world.storage]) requests.length = 0;
  app = `${world.host}/team/app`;
});

const authorizations = (requests: readonly OriginRequest[]): (string | undefined)[] =>
  requests.map(({ headers }) => headers.authorization);
const cookies = (requests: readonly OriginRequest[]): (string | undefined)[] =>
  requests.map(({ headers }) => headers.cookie);
const basic = `Basic ${btoa(`${ALICE.username}:${ALICE.password}`)}`;
const alice = () => fixedCredentials({ [world.host]: ALICE });

describe('each origin receives what is its own, and nothing else:', () => {
  test('NODE-63: the index the password, the endpoint its token and its cookie, the storage neither', async () => {
    const client = world.client({ credentials: alice() });
    const secret = `${world.host}/team/secret`;
    await client.tags(secret);
    await drain((await client.layer(secret, TOP.id)).bytes);
    await client.images(secret);
    assert.deepEqual(authorizations(world.index.requests), [basic, basic]);
    assert.deepEqual(cookies(world.index.requests), [undefined, undefined]);
    const [first, second] = world.registry.requests;
    assert.match(
      first?.headers.authorization ?? '',
      /^Token signature=CANARY-token\d+,repository="team\/secret",access=read$/,
    );
    assert.equal(second?.headers.authorization, first?.headers.authorization);
    assert.equal(first?.headers.cookie, undefined);
    assert.match(second?.headers.cookie ?? '', /^session="CANARY-cookie\/CANARY-token\d+=\?timestamp=Rj="$/);
    assert.equal(world.registry.requests.length, 2);
    const headers = world.storage.requests[0]?.headers ?? {};
    assert.deepEqual(
      [headers.authorization, headers.cookie, headers['x-docker-token']],
      [undefined, undefined, undefined],
    );
    assert.equal(world.storage.requests.length, 1);
  });

  test('a header of the user goes to the index', async () => {
    const client = world.client({ hosts: { [world.host]: { headers: { 'X-Own': 'CANARY', cookie: 'own=1' } } } });
    await client.tags(app);
    assert.deepEqual(
      [...world.index.requests, ...world.registry.requests].map(({ headers }) => [headers['x-own'], headers.cookie]),
      [
        ['CANARY', 'own=1'],
        [undefined, undefined],
      ],
    );
  });

  test('an index that is its own registry gets token and cookies back', async () => {
    world.index.state.endpoints = world.host;
    try {
      const client = world.client();
      await rejection('NOT_FOUND', client.tags(app));
      const [first, second] = world.index.requests;
      assert.equal(first?.headers.cookie, undefined);
      assert.match(second?.headers.authorization ?? '', /^Token signature=/);
      assert.equal(second?.headers.cookie, 'index=CANARY-index');
    } finally {
      world.index.state.endpoints = `127.0.0.1:${world.registry.port}`;
    }
  });

  test('two repositories have two sessions', async () => {
    const client = world.client();
    await Promise.all([client.tags(app), client.tags(`${world.host}/app`)]);
    await Promise.all([client.tags(app), client.tags(`${world.host}/app`)]);
    assert.equal(world.index.requests.length, 2);
    for (const { path, headers } of world.registry.requests) {
      const repository = path.includes('/team/app/') ? 'team/app' : 'library/app';
      assert.match(headers.authorization ?? '', new RegExp(`repository="${repository}"`));
    }
    assert.equal(new Set(cookies(world.registry.requests).slice(2)).size, 2);
  });
});

describe('a password', () => {
  test('that is missing is told of', async () => {
    const error = await rejection('UNAUTHORIZED', world.client().images(`${world.host}/team/secret`));
    assert.match(error.hint ?? '', /login/);
    assert.equal(world.index.requests.length, 1);
  });

  test('that is wrong is sent once, and nobody is asked without it', async () => {
    const credentials = fixedCredentials({ [world.host]: { ...ALICE, password: 'CANARY-wrong' } });
    await rejection('UNAUTHORIZED', world.client({ credentials }).tags(app));
    assert.equal(world.index.requests.length, 1);
    assert.equal(world.registry.requests.length, 0);
  });

  test('that was refused is looked up anew the next time', async () => {
    const passwords = ['CANARY-old', ALICE.password];
    const credentials = async () => ({ ...ALICE, password: passwords.shift() ?? '' });
    const client = world.client({ credentials });
    await rejection('UNAUTHORIZED', client.images(`${world.host}/team/secret`));
    assert.equal((await client.images(`${world.host}/team/secret`)).length, CHAIN.length);
    await client.images(`${world.host}/team/secret`);
    assert.deepEqual(passwords, [], 'and one that was taken is remembered');
  });

  test('is not shown when the settings of the host say nobody', async () => {
    const client = world.client({ credentials: alice(), hosts: { [world.host]: { credential: 'none' } } });
    await client.tags(app);
    assert.deepEqual(authorizations(world.index.requests), [undefined]);
  });
});

describe('a session', () => {
  test('is opened once for many requests at a time', async () => {
    const client = world.client();
    await client.tags(app);
    world.lines();
    await Promise.all(CHAIN.map(({ id }) => client.json(app, id)));
    assert.ok(world.lines().every((line) => line.startsWith('registry ')));
    const others = world.client();
    const images = await Promise.all([others.images(app), others.images(app)]);
    assert.deepEqual(images[0], images[1]);
    assert.deepEqual(world.lines(), ['index GET /v1/repositories/team/app/images']);
  });

  test('shows a token that is good for one request to one request', async () => {
    const client = world.client();
    await Promise.all(CHAIN.map(({ id }) => client.json(app, id)));
    assert.equal(world.index.requests.length, 1);
    const [first, ...rest] = cookies(world.registry.requests);
    assert.equal(first, undefined);
    assert.ok(rest.length === 2 && rest.every((cookie) => cookie?.startsWith('session=')));
  });

  test('that has ended is opened anew, once, and the request repeated', async () => {
    const client = world.client();
    await client.tags(app);
    world.expire();
    world.lines();
    assert.deepEqual(await client.tags(app), TAGS);
    const tags = 'registry GET /v1/repositories/team/app/tags';
    assert.deepEqual(world.lines(), [tags, 'index GET /v1/repositories/team/app/images', tags]);
    assert.equal(cookies(world.registry.requests).at(-1), undefined, 'the old cookie is forgotten');
  });

  test('that ends for many requests at once is opened anew once', async () => {
    const client = world.client();
    await client.tags(app);
    world.expire();
    world.lines();
    await Promise.all(CHAIN.map(({ id }) => client.ancestry(app, id)));
    const asked = world.lines().filter((line) => line.startsWith('index '));
    assert.deepEqual(asked, ['index GET /v1/repositories/team/app/images']);
  });

  test('that no endpoint takes is an error after one more', async () => {
    const client = world.client();
    await client.tags(app);
    const { mint } = world.index.state;
    world.index.state.mint = () => 'signature=CANARY-forged,repository="team/app",access=read';
    try {
      world.expire();
      world.lines();
      const error = await rejection('UNAUTHORIZED', client.tags(app));
      assert.equal(error.status, 401);
      assert.equal(world.lines().length, 3);
      await rejection('UNAUTHORIZED', client.tags(app));
      assert.equal(world.lines().length, 2, 'one that is new is not tried twice');
    } finally {
      world.index.state.mint = mint;
    }
  });

  test('that was refused is no obstacle to the next', async () => {
    const client = world.client();
    await rejection('NOT_FOUND', client.tags(`${world.host}/team/nothing`));
    assert.deepEqual(await client.tags(app), TAGS);
  });

  test('ends with the signal of who waits for it', async () => {
    const ends = new AbortController();
    const asked = world.client().tags(app, { signal: ends.signal });
    ends.abort();
    await rejection('ABORTED', asked);
  });
});

describe('endpoints', () => {
  const unreachable = '127.0.0.1:1';
  const own = () => `127.0.0.1:${world.registry.port}`;
  const withEndpoints = async (told: string | undefined, use: () => Promise<void>): Promise<void> => {
    world.index.state.endpoints = told;
    try {
      await use();
    } finally {
      world.index.state.endpoints = own();
    }
  };

  test('are asked in their order, the next one where the first cannot be reached', async () => {
    await withEndpoints(`${unreachable} , ${own()},127.0.0.1:2`, async () => {
      const urls: string[] = [];
      const on = (activity: Activity): void =>
        void (activity.type === 'request' && urls.push(new URL(activity.url).host));
      const client = world.client({ retry: { attempts: 1 } });
      assert.deepEqual(await client.tags(app, { on }), TAGS);
      assert.deepEqual(urls, [world.host, unreachable, own()]);
      urls.length = 0;
      await client.tags(app, { on });
      assert.deepEqual(urls, [own()], 'the one that answered is remembered');
    });
  });

  test('that cannot be reached at all are an error', async () => {
    await withEndpoints(`${unreachable},127.0.0.1:2`, async () => {
      await rejection('UNREACHABLE', world.client({ retry: { attempts: 1 } }).tags(app));
    });
  });

  test('that are not named are the registry itself', async () => {
    await withEndpoints(undefined, async () => {
      await rejection('NOT_FOUND', world.client().tags(app));
      assert.ok(world.lines().includes('index GET /v1/repositories/team/app/tags'));
    });
  });

  test('that are no hosts are told of and left out', async () => {
    await withEndpoints(`${own()}/v1/../x, user@h/, ${own()}`, async () => {
      const warnings: string[] = [];
      const on = (activity: Activity): void => void (activity.type === 'warning' && warnings.push(activity.text));
      assert.deepEqual(await world.client().tags(app, { on }), TAGS);
      assert.equal(warnings.length, 2);
    });
    await withEndpoints('/only/a/path', async () => {
      await rejection('PROTOCOL', world.client().tags(app));
    });
  });
});

test('no event, error or result holds a password, a token or a cookie', async () => {
  const told: unknown[] = [];
  const on = (activity: Activity): void => void told.push(activity);
  const client = world.client({ credentials: alice() });
  told.push(await client.ping(world.host, { on }));
  told.push(await client.images(app, { on }), await client.tags(app, { on }), await client.json(app, TOP.id, { on }));
  const layer = await client.layer(app, TOP.id, { on });
  await drain(layer.bytes);
  told.push(layer.response);
  world.index.state.mint = () => 'signature=CANARY-forged,repository="team/app",access=read';
  world.expire();
  const error = await rejection('UNAUTHORIZED', client.tags(app, { on }));
  told.push(error.message, error.hint, error.errors, error.request, error.stack);
  assert.ok(told.length > 20);
  assert.doesNotMatch(JSON.stringify(told), /CANARY|Q0FOQVJ/);
});
