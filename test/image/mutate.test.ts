import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { type ImageEdits, mutate } from '../../src/image/change/mutate.ts';
import type { ImageConfig } from '../../src/model/image-config.ts';
import { buildImage } from '../../src/testing/fixtures.ts';
import { rejection } from '../support/failure.ts';
import { stored } from '../support/images-to-change.ts';
import { containerOf, created, imageWith, mutated, settings, storedConfig } from '../support/mutated.ts';

describe('CAP-G1 CAP-G2: the settings of an image', () => {
  test('are set, and all else stays as it was', async () => {
    const built = await imageWith();
    const base = await stored(built);
    const { config, document } = await mutated(base, {
      env: { MODE: 'live', NEW: 'a=b' },
      labels: { stage: 'live', another: '' },
      entrypoint: ['/bin/sh', '-c'],
      cmd: ['true'],
      user: '1000:1000',
      workdir: '/',
      ports: { '53/udp': true, '9000-9001': true },
      volumes: { '/cache': true },
      stopSignal: 'SIGQUIT',
      healthcheck: { Test: ['NONE'] },
      author: 'Me',
      created: '2025-01-02T03:04:05Z',
    });
    assert.deepEqual(config.config, {
      Env: ['PATH=/usr/bin', 'MODE=live', 'HOME=/app', 'NEW=a=b'],
      Labels: { another: '', stage: 'live', team: 'web' },
      Entrypoint: ['/bin/sh', '-c'],
      Cmd: ['true'],
      User: '1000:1000',
      WorkingDir: '/',
      ExposedPorts: { '443': {}, '53/udp': {}, '80/tcp': {}, '9000/tcp': {}, '9001/tcp': {} },
      Volumes: { '/cache': {}, '/data': {} },
      StopSignal: 'SIGQUIT',
      Healthcheck: { Test: ['NONE'] },
    });
    const { config: _, author, created: time, ...rest } = config as ImageConfig;
    assert.deepEqual([author, time], ['Me', '2025-01-02T03:04:05Z']);
    assert.deepEqual(rest, { os: 'linux', architecture: 'amd64', rootfs: config.rootfs });
    assert.deepEqual({ ...document, config: 0 }, { ...built.manifest.document, config: 0 });
  });

  test('are removed one by one', async () => {
    const base = await stored(await imageWith());
    const container = await containerOf(base, {
      env: { MODE: null, ABSENT: null },
      labels: { team: null },
      ports: { '443/tcp': false, 80: false },
      volumes: { '/data': false },
      cmd: null,
      user: null,
    });
    const { Cmd: _, User: __, Volumes: ___, ExposedPorts: ____, ...kept } = settings.config ?? {};
    assert.deepEqual(container, { ...kept, Env: ['PATH=/usr/bin', 'HOME=/app'], Labels: { stage: 'test' } });
  });

  test('are removed all at once, and leave nothing empty behind', async () => {
    const base = await stored(await imageWith());
    const edits: ImageEdits = {
      clear: ['env', 'labels', 'ports', 'volumes'],
      entrypoint: [],
      user: '',
      workdir: null,
      stopSignal: null,
      healthcheck: null,
      author: null,
      created: null,
    };
    const { config } = await mutated(base, edits);
    assert.deepEqual(config, { os: 'linux', architecture: 'amd64', rootfs: config.rootfs });
    const replaced = await containerOf(base, { clear: ['env', 'labels'], env: { A: 'b' }, labels: { c: 'd' } });
    assert.deepEqual(replaced, { ...settings.config, Env: ['A=b'], Labels: { c: 'd' } });
  });

  test('an entry point takes the command along, as in docker and crane', async () => {
    const base = await stored(await imageWith());
    const { Entrypoint, Cmd } = await containerOf(base, { entrypoint: ['/other'] });
    assert.deepEqual([Entrypoint, Cmd], [['/other'], undefined]);
    const cleared = await containerOf(base, { entrypoint: null, cmd: ['/app/main'] });
    assert.deepEqual([cleared.Entrypoint, cleared.Cmd], [undefined, ['/app/main']]);
    assert.deepEqual((await containerOf(base, { cmd: ['x'] })).Entrypoint, ['/app/main']);
  });

  test('a variable that stands twice is one when it is set', async () => {
    const base = await stored(await imageWith({ config: { Env: ['A=1', 'B=2', 'A=3', 'b=4', 'C'] } }));
    assert.deepEqual((await containerOf(base, { env: { A: '5' } })).Env, ['A=5', 'B=2', 'b=4', 'C']);
    assert.deepEqual((await containerOf(base, { env: { A: null, C: 'c' } })).Env, ['B=2', 'b=4', 'C=c']);
    const windows = { os: 'windows', architecture: 'amd64' };
    const other = await stored(await imageWith({ config: { Env: ['Path=c:\\', 'b=4'] } }, { platform: windows }));
    assert.deepEqual((await containerOf(other, { env: { PATH: 'd:\\', B: null } })).Env, ['PATH=d:\\']);
  });

  test('do not depend on the order in which they are given', async () => {
    const base = await stored(await imageWith());
    const one = await mutate(base, '1', { labels: { z: '1', b: '2' }, annotations: { z: '1', b: '2' }, user: 'x' });
    const other = await mutate(base, '1', { user: 'x', annotations: { b: '2', z: '1' }, labels: { b: '2', z: '1' } });
    assert.equal(one.root.digest, other.root.digest);
  });

  test('names are taken as they are', async () => {
    const base = await stored(await imageWith({ config: {} }));
    const labels = JSON.parse('{"__proto__":"x","constructor":"y","東京":"🚢"}') as Record<string, string>;
    const container = await containerOf(base, { labels });
    assert.deepEqual(Object.entries(container.Labels ?? {}), Object.entries(labels));
  });

  test('that change nothing leave the digest, and the bytes of what docker writes', async () => {
    const text = `{"os":"linux","architecture":"amd64","config":{"Env":["A=b"],"Cmd":null,"Labels":{"a":"b","x":null},"Volumes":null,"ExposedPorts":{}},"rootfs":{"type":"layers","diff_ids":[]},"author":""}`;
    const base = await storedConfig(text);
    const edits: readonly ImageEdits[] = [
      {},
      { env: { A: 'b', C: null }, labels: { a: 'b', y: null }, annotations: { a: null } },
      { cmd: null, user: '', volumes: { '/x': false }, ports: { 80: false }, author: null, createdBy: 'nobody' },
      { clear: ['volumes', 'ports', 'annotations'], removeBuildArgs: [{ name: 'A' }] },
    ];
    for (const edit of edits) {
      const { source, root, images } = await mutate(base, '1', edit);
      assert.equal(root.digest, (await base.resolve('1'))?.digest);
      assert.equal(source, base);
      assert.deepEqual(images, []);
    }
    const { configBytes } = await mutated(base, { user: 'x' });
    const expected = text.replace('"ExposedPorts":{}', '"ExposedPorts":{},"User":"x"');
    assert.equal(new TextDecoder().decode(configBytes), expected);
  });

  test('a step of the history tells of them only when that is wanted', async () => {
    const history = [{ created, created_by: 'ADD base' }];
    const base = await stored(await imageWith({ ...settings, history }));
    assert.deepEqual((await mutated(base, { user: 'x' })).config.history, history);
    const told = await mutated(base, { user: 'x', createdBy: 'lading mutate' });
    const step = { created, created_by: 'lading mutate', empty_layer: true };
    assert.deepEqual(told.config.history, [...history, step]);
    const timed = await mutated(base, { created: '2025-01-01T00:00:00Z', createdBy: 'x' });
    assert.equal(timed.config.history?.[1]?.created, '2025-01-01T00:00:00Z');
  });

  test('a port is removed by whatever name it has', async () => {
    const ExposedPorts = { '80': {}, '8000-8010/tcp': {}, '53/udp': {}, http: {} };
    const base = await stored(await imageWith({ config: { ExposedPorts } }));
    const ports = { '80/tcp': false, '8000-8010/tcp': false, http: false };
    assert.deepEqual((await containerOf(base, { ports })).ExposedPorts, { '53/udp': {} });
    assert.deepEqual((await containerOf(base, { ports: { 80: true, 53: true } })).ExposedPorts, {
      ...ExposedPorts,
      '53/tcp': {},
    });
  });

  test('CAP-G9: the time is set, and has to be one', async () => {
    const base = await stored(await imageWith());
    const time = '2020-02-02T02:02:02.020202+02:00';
    assert.equal((await mutated(base, { created: time })).config.created, time);
    for (const wrong of ['now', '2024-13-01T00:00:00Z', '2024-05-06'])
      await rejection('USAGE', mutate(base, '1', { created: wrong }));
  });

  test('what cannot be a setting is refused', async () => {
    const base = await stored(await imageWith());
    const cases: readonly ImageEdits[] = [
      { env: { '': 'x' } },
      { env: { 'A=B': 'x' } },
      { env: { A: 'x\0y' } },
      { ports: { http: true } },
      { ports: { 0: true } },
      { ports: { 65536: false } },
      { ports: { '90-80': true } },
      { ports: { '80/icmp': true } },
      { volumes: { '': true } },
    ];
    for (const edits of cases) await rejection('USAGE', mutate(base, '1', edits));
    const labels = { a: 1 } as unknown as Record<string, string>;
    await rejection('MANIFEST_INVALID', mutate(base, '1', { labels }));
    await rejection('MANIFEST_INVALID', mutate(base, '1', { labels: { a: '\ud800' } }));
  });
});

describe('CAP-G2: build arguments', () => {
  const step = (text: string, more: object = {}): object => ({ created, created_by: text, ...more });
  const empty = { empty_layer: true };
  const scrubbed = async (
    texts: readonly object[],
    removeBuildArgs: ImageEdits['removeBuildArgs'],
  ): Promise<unknown[]> => {
    const base = await stored(await buildImage({ layers: [], config: { history: texts } }));
    const { config } = await mutated(base, { removeBuildArgs });
    return (config.history ?? []).map(({ created_by: text }) => text);
  };

  test('are taken out of the history where they are declared, and where they are in force', async () => {
    const history = [
      step('ARG TOKEN=s3cret word', empty),
      step('/bin/sh -c #(nop)  ARG TOKEN', empty),
      step('ARG MODE=fast', empty),
      step('ENV TOKEN=kept', empty),
      step('RUN |2 TOKEN=s3cret word MODE=fast /bin/sh -c make TOKEN=x # buildkit'),
      step('RUN |2 MODE=fast TOKEN=s3cret word /bin/bash -o pipefail -c make'),
      step('|1 TOKEN=s3cret /bin/sh -c make'),
      step('RUN |1 MODE=fast /bin/sh -c TOKEN=x make'),
      step('RUN /bin/sh -c make'),
    ];
    assert.deepEqual(await scrubbed(history, [{ name: 'TOKEN' }]), [
      'ARG MODE=fast',
      'ENV TOKEN=kept',
      'RUN |1 MODE=fast /bin/sh -c make TOKEN=x # buildkit',
      'RUN |1 MODE=fast /bin/bash -o pipefail -c make',
      '/bin/sh -c make',
      'RUN |1 MODE=fast /bin/sh -c TOKEN=x make',
      'RUN /bin/sh -c make',
    ]);
  });

  test('with spaces before a command that is no shell’s end where their value does', async () => {
    const history = [step('RUN |1 TOKEN=a b c make'), step('RUN |1 TOKEN=a bc make')];
    const args = [{ name: 'TOKEN', value: 'a b' }];
    assert.deepEqual(await scrubbed(history, args), ['RUN c make', 'RUN bc make']);
  });

  test('whose values are known by their form alone end where that does', async () => {
    const history = [step('RUN |1 TOKEN=a b c make'), step('RUN |1 TOKEN=gh 0123 make it')];
    const args = [{ name: 'TOKEN', value: /a b|gh \d+/ }];
    assert.deepEqual(await scrubbed(history, args), ['RUN c make', 'RUN make it']);
    assert.deepEqual(await scrubbed(history, [{ name: 'TOKEN', value: 'a.b' }]), ['RUN b c make', 'RUN 0123 make it']);
  });

  test('are found, too, where nothing declares them any more', async () => {
    const history = [step('RUN |2 TOKEN=a b MODE=fast /bin/sh -c make')];
    assert.deepEqual(await scrubbed(history, [{ name: 'TOKEN' }]), ['RUN |1 MODE=fast /bin/sh -c make']);
  });

  test('keep the layers in step with the history', async () => {
    const history = [step('ARG T=1', empty), step('RUN |1 T=1 /bin/sh -c a'), step('RUN |9 T=1')];
    const base = await stored(await buildImage({ layers: [{ files: { a: 'b' } }], config: { history } }));
    const { config } = await mutated(base, { removeBuildArgs: [{ name: 'T' }] });
    assert.deepEqual(config.history, [step('RUN /bin/sh -c a'), step('RUN |9 T=1')]);
  });
});
