import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseImageConfig } from '../../src/model/image-config.ts';
import { failure } from '../support/failure.ts';

const diffId = `sha256:${'a'.repeat(64)}`;
const parse = (config: unknown) => parseImageConfig(new TextEncoder().encode(JSON.stringify(config)));

const real = {
  architecture: 'amd64',
  os: 'linux',
  created: '2024-01-02T03:04:05Z',
  config: {
    Env: ['PATH=/bin'],
    Cmd: ['sh'],
    ExposedPorts: { '80/tcp': {} },
    Labels: { OS: 'x', os: 'y' },
    Healthcheck: { Test: ['CMD', 'true'], Interval: 30_000_000_000 },
    ArgsEscaped: true,
  },
  rootfs: { type: 'layers', diff_ids: [diffId, diffId] },
  history: [{ created_by: 'ADD', empty_layer: true }, { created_by: 'RUN' }],
  'moby.buildkit.buildinfo.v1': 'e30=',
};

test('reads a config as it stands, with fields it does not know', () => {
  assert.deepEqual(parse(real), real);
});

test('takes null for absent, as docker writes it', () => {
  const nulls = {
    os: 'linux',
    config: { Cmd: null, Env: null, Labels: null },
    history: null,
    rootfs: { type: 'layers', diff_ids: null },
  };
  assert.deepEqual(parse(nulls), { os: 'linux', config: {}, rootfs: { type: 'layers', diff_ids: [] } });
  assert.deepEqual(parse({ config: null, rootfs: null }), {});
});

test('invents nothing for an empty config', () => {
  assert.deepEqual(parse({}), {});
});

const bad: readonly (readonly [config: unknown, says: RegExp])[] = [
  [[], /not a JSON object/],
  ['x', /not a JSON object/],
  [{ os: 1 }, /os is not a string/],
  [{ config: [] }, /config is not an object/],
  [{ config: { Env: 'A=B' } }, /config\.Env is not a list of strings/],
  [{ config: { Cmd: [1] } }, /config\.Cmd is not a list of strings/],
  [{ config: { Labels: { a: 1 } } }, /config\.Labels is not a map of strings/],
  [{ config: { Volumes: ['/a'] } }, /config\.Volumes is not a map of objects/],
  [{ history: [1] }, /history is not a list of steps/],
  [{ history: [{ empty_layer: 'yes' }] }, /history is not a list of steps/],
  [{ rootfs: [] }, /rootfs is not an object/],
  [{ rootfs: { diff_ids: {} } }, /diff_ids is not a list/],
  [{ rootfs: { diff_ids: [diffId, 'sha256:../..'] } }, /diff_ids\[1\] is not a digest: "sha256:\.\.\/\.\."/],
  [{ rootfs: { diff_ids: [null] } }, /diff_ids\[0\] is not a digest/],
];

for (const [config, says] of bad) {
  test(`refuses ${JSON.stringify(config)}`, () => {
    const error = failure('MANIFEST_INVALID', () => parse(config));
    assert.match(error.message, says);
    assert.match(error.message, /^not a valid image config: /);
  });
}

test('refuses a key that stands twice', () => {
  const bytes = new TextEncoder().encode('{"os":"linux","os":"windows"}');
  assert.match(
    failure('MANIFEST_INVALID', () => parseImageConfig(bytes)).message,
    /image config: the key "os" stands twice/,
  );
});
