/** What differs in manifests, configs, histories and lists of layers. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import * as fc from 'fast-check';
import type { FieldChange } from '../../../src/image/diff/fields.ts';
import type { HistoryChange } from '../../../src/image/diff/history.ts';
import { diffLayers, type LayerChange } from '../../../src/image/diff/layers.ts';
import { align } from '../../../src/image/diff/sequence.ts';
import type { HistoryEntry, ImageConfig } from '../../../src/model/image-config.ts';
import { DOCKER_LAYER, OCI_LAYER_GZIP } from '../../../src/model/media-types.ts';
import { contentFrom } from '../../../src/store/content.ts';
import { diffed, type ImageOf, layer } from '../../support/diffed.ts';
import { file } from '../../support/layered.ts';

const sections = ['manifest', 'config', 'history', 'layers'] as const;

function lineOf({ kind, field, key, before, after }: FieldChange): string {
  const name = key === undefined ? field : `${field} ${key}`;
  return `${kind} ${name} ${JSON.stringify(before) ?? ''} ${JSON.stringify(after) ?? ''}`;
}

const withConfig = (config: ImageConfig): ImageOf => ({ layers: [[file('a')]], config });

describe('CAP-N2: configs', () => {
  test('differ field by field, variables and labels by their names', async () => {
    const { image } = await diffed(
      withConfig({
        created: '2024-01-01T00:00:00Z',
        author: 'A',
        config: {
          User: 'app',
          Env: ['PATH=/bin', 'A=1', 'GONE=x=y', 'BARE'],
          Labels: { a: '1', b: '2' },
          Cmd: ['a', 'b'],
          ExposedPorts: { '80/tcp': {} },
        },
      }),
      withConfig({
        created: '2024-01-02T00:00:00Z',
        config: {
          User: 'app',
          Env: ['A=2', 'PATH=/bin', 'BARE'],
          Labels: { b: '2', c: '3' },
          Cmd: ['a b'],
          ExposedPorts: { '443/tcp': {} },
          Volumes: { '/data': {} },
        },
      }),
      { sections },
    );
    assert.deepEqual(image.config?.map(lineOf), [
      'changed created "2024-01-01T00:00:00Z" "2024-01-02T00:00:00Z"',
      'removed author "A" ',
      'changed config.Env A "1" "2"',
      'removed config.Env GONE "x=y" ',
      'removed config.Labels a "1" ',
      'added config.Labels c  "3"',
      'changed config.Cmd ["a","b"] ["a b"]',
      'added config.ExposedPorts 443/tcp  {}',
      'removed config.ExposedPorts 80/tcp {} ',
      'added config.Volumes /data  {}',
    ]);
  });

  test('are the same whatever the order of their keys, and without their times where that is wanted', async () => {
    const one = { created: '2024-01-01T00:00:00Z', config: { Healthcheck: { Test: ['CMD'], Retries: 3 }, Labels: {} } };
    const labels = { 'org.opencontainers.image.created': '2024' };
    const other = {
      config: { Labels: labels, Healthcheck: { Retries: 3, Test: ['CMD'] } },
      created: '2025-01-01T00:00:00Z',
    };
    const { diff, image } = await diffed(withConfig(one), withConfig(other), {
      sections: ['config'],
      ignoreTimes: true,
    });
    assert.deepEqual(image.config, []);
    assert.equal(diff.isDifferent, false);
  });
});

test('CAP-N2: manifests differ in their annotations and media types', async () => {
  const layers = [[file('a')]];
  const { image, diff } = await diffed(
    { layers, annotations: { a: '1', b: '1' } },
    { layers, annotations: { b: '2', c: '1' } },
    { sections },
  );
  assert.deepEqual(image.manifest?.map(lineOf), [
    'removed annotations a "1" ',
    'changed annotations b "1" "2"',
    'added annotations c  "1"',
  ]);
  assert.deepEqual([image.config, image.history], [[], []]);
  assert.equal(diff.isDifferent, true);
});

describe('CAP-N2: histories', () => {
  const step = (words: string, created = '2024-01-01T00:00:00Z'): HistoryEntry => ({ created, created_by: words });
  const lines = (changes: readonly HistoryChange[] = []): string[] =>
    changes.map(({ kind, before, after }) => {
      return `${kind} ${(after ?? before)?.created_by} ${before?.position ?? '-'} ${after?.position ?? '-'}`;
    });

  test('are laid side by side', async () => {
    const history = ['FROM', 'RUN a', 'RUN b', 'CMD'].map((words) => step(words));
    const other = ['FROM', 'RUN b', 'RUN c', 'RUN d', 'CMD'].map((words) => step(words));
    const { image } = await diffed(withConfig({ history }), withConfig({ history: other }), { sections });
    assert.deepEqual(lines(image.history), ['removed RUN a 1 -', 'added RUN c - 2', 'added RUN d - 3']);
  });

  test('have steps that were made again, unless times are ignored', async () => {
    const [history, again] = [[step('RUN a')], [step('RUN a', '2025-01-01T00:00:00Z')]];
    for (const ignoreTimes of [false, true]) {
      const options = { sections: ['history'] as const, ignoreTimes };
      const { image } = await diffed(withConfig({ history }), withConfig({ history: again }), options);
      assert.deepEqual(lines(image.history), ignoreTimes ? [] : ['changed RUN a 0 0']);
    }
  });

  test('of any length are laid side by side so that each is read from its own column, with no more than differs', () => {
    const words = fc.array(fc.constantFrom('a', 'b', 'c'), { maxLength: 12 });
    fc.assert(
      fc.property(words, words, (before, after) => {
        const aligned = align(before, after);
        assert.deepEqual(
          aligned.flatMap((one) => one.before ?? []),
          before.map((_, at) => at),
        );
        assert.deepEqual(
          aligned.flatMap((one) => one.after ?? []),
          after.map((_, at) => at),
        );
        const both = aligned.flatMap((one) => (one.before === undefined || one.after === undefined ? [] : [one]));
        for (const one of both) assert.equal(before[one.before ?? -1], after[one.after ?? -1]);
        assert.equal(both.length, longestCommon(before, after));
      }),
    );
    const long = Array.from({ length: 3000 }, (_, at) => `${at}`);
    assert.equal(align(['x', ...long, 'x'], [...long, ...long, 'y']).length, 3002 + 6001);
  });
});

/** By definition, one letter at a time. */
function longestCommon(a: readonly string[], b: readonly string[]): number {
  const rows = a.map(() => b.map(() => 0));
  const at = (i: number, j: number): number => rows[i]?.[j] ?? 0;
  for (const [i, own] of a.entries()) {
    for (const [j, other] of b.entries()) {
      const row = rows[i];
      if (row) row[j] = own === other ? at(i - 1, j - 1) + 1 : Math.max(at(i - 1, j), at(i, j - 1));
    }
  }
  return at(a.length - 1, b.length - 1);
}

describe('CAP-N2: layers', () => {
  const lines = (layers: readonly LayerChange[] = []): string[] =>
    layers.map(({ kind, before, after }) => `${kind} ${before?.position ?? '-'} ${after?.position ?? '-'}`);

  test('are shared, moved, new or gone', async () => {
    const [a, b, c, d] = [[file('a')], [file('b')], [file('c')], [file('d')]];
    const { diff, image, before, after } = await diffed(
      { layers: [a, b, c] },
      { layers: [a, c, d] },
      { sections: ['layers'] },
    );
    assert.deepEqual(lines(image.layers?.layers), ['shared 0 0', 'removed 1 -', 'moved 2 1', 'added - 2']);
    assert.equal(diff.isDifferent, true);
    const sizes = [before, after].map(({ blobs }) => blobs.slice(1).reduce((sum, one) => sum + one.descriptor.size, 0));
    assert.deepEqual(image.layers?.sizes, { before: sizes[0], after: sizes[1] });
    const [, , descriptor] = after.blobs.map((blob) => blob.descriptor);
    const { digest, size, mediaType } = descriptor ?? assert.fail();
    assert.deepEqual(image.layers?.layers[2]?.after, { position: 1, digest, size, mediaType });
  });

  test('that stand twice keep their places', async () => {
    const [a, b] = [[file('a')], [file('b')]];
    const { image } = await diffed({ layers: [a, b, a] }, { layers: [a, a, a, b] }, { sections: ['layers'] });
    assert.deepEqual(lines(image.layers?.layers), ['shared 0 0', 'added - 1', 'shared 2 2', 'moved 1 3']);
  });

  test('of the same files in other bytes are told apart from others', async () => {
    const entries = [file('a')];
    const { image } = await diffed({ layers: [entries] }, { layers: [await layer(entries, 'none')] }, { sections });
    assert.deepEqual(lines(image.layers?.layers), ['repacked 0 0']);
  });

  test('of the same bytes are shared, whatever their media types call them', () => {
    const { digest, size } = contentFrom(new TextEncoder().encode('a layer'), OCI_LAYER_GZIP).descriptor;
    const [before, after] = [DOCKER_LAYER, OCI_LAYER_GZIP].map((mediaType) => [
      { id: digest, descriptor: { mediaType, digest, size } },
    ]);
    const { layers } = diffLayers(before ?? [], after ?? []);
    assert.deepEqual(lines(layers), ['shared 0 0']);
    assert.equal(layers[0]?.before?.mediaType, DOCKER_LAYER);
  });
});
