/** The architecture, held to: every file of the project is read, and every rule is shown to catch its breach. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, test } from 'node:test';
import { cycles, type House, layerViolations, nodeViolations, shapeViolations } from './support/layer-rules.ts';
import { moduleFacts, readModule, type Seams, sourceFiles } from './support/module-facts.ts';

const { imports: seams } = JSON.parse(readFileSync('package.json', 'utf8')) as { imports: Seams };

const isomorphic = ['model', 'bytes', 'store', 'graph', 'image', 'http', 'registry', 'v1', 'layout'];
const library = [...isomorphic, 'server', 'sync'];

const house: House = {
  layers: {
    model: [],
    bytes: ['model'],
    store: ['model', 'bytes'],
    graph: ['model', 'bytes', 'store'],
    image: ['model', 'bytes', 'store', 'graph'],
    http: ['model', 'bytes'],
    registry: ['model', 'bytes', 'store', 'http'],
    v1: ['model', 'bytes', 'store', 'http'],
    layout: ['model', 'bytes', 'store'],
    server: ['model', 'bytes', 'store'],
    sync: ['model', 'bytes', 'store', 'graph', 'image'],
    node: library,
    testing: [...library, 'node'],
    explorer: [],
    cli: [...library, 'node', 'testing', 'explorer'],
  },
  roots: { 'errors.ts': [], 'index.ts': isomorphic },
  nodeFolders: ['node', 'testing', 'cli'],
  seamFiles: Object.values(seams).flatMap((conditions) =>
    Object.values(conditions).map((path) =>
      path.replace('./dist/', 'src/').replace('./src/', 'src/').replace(/\.js$/, '.ts'),
    ),
  ),
};

const source = sourceFiles('src').map((file) => readModule(file, seams));
const others = ['test', 'scripts', 'bench', 'examples', 'fuzz']
  .flatMap(sourceFiles)
  .filter((file) => !file.includes('/corpus/'));
const everything = [...source, ...others.map((file) => readModule(file, seams))];

describe('the source', () => {
  test('imports only what the table of layers allows', () => {
    assert.ok(source.length > 0);
    assert.deepEqual(
      source.flatMap((module) => layerViolations(module, house)),
      [],
    );
  });

  test('is free of Node outside its own folders and the three seams', () => {
    assert.deepEqual(Object.keys(seams).sort(), ['#compress', '#hash', '#tar']);
    assert.deepEqual(
      source.flatMap((module) => nodeViolations(module, house)),
      [],
    );
  });

  test('has no cycle of imports', () => {
    assert.deepEqual(cycles(source), []);
  });
});

test('no file is over 300 lines, no function over 60, nothing is exported as default', () => {
  assert.deepEqual(everything.flatMap(shapeViolations), []);
});

describe('the rules', () => {
  const facts = (file: string, text: string) => moduleFacts(file, text, seams);

  test('catch an import of a layer above, in every form that an import has', () => {
    for (const text of [
      "import { copy } from '../graph/copy.ts';",
      "import type { Copy } from '../graph/copy.ts';",
      "export * from '../graph/copy.ts';",
      "export type { Copy } from '../graph/copy.ts';",
      "const copy = await import('../graph/copy.ts');",
      "type Copy = import('../graph/copy.ts').Copy;",
    ]) {
      assert.deepEqual(layerViolations(facts('src/store/a.ts', text), house), [
        'src/store/a.ts imports src/graph/copy.ts',
      ]);
    }
    assert.deepEqual(layerViolations(facts('src/store/a.ts', "import { b } from './b.ts';"), house), []);
  });

  test('catch a folder that the design does not name, and an import from outside src', () => {
    assert.equal(layerViolations(facts('src/util/a.ts', ''), house).length, 1);
    assert.equal(layerViolations(facts('src/node/a.ts', "import '../../test/support/b.ts';"), house).length, 1);
    assert.equal(layerViolations(facts('src/errors.ts', "import './model/call.ts';"), house).length, 1);
  });

  test('catch modules and globals of Node where there may be none', () => {
    const text = "import fs from 'node:fs'; import 'zlib'; Buffer.from(process.env.HOME);";
    const uses = ['node:fs', 'zlib', 'process', 'Buffer'].map((name) => `src/http/a.ts uses ${name}`);
    assert.deepEqual(nodeViolations(facts('src/http/a.ts', text), house), uses);
    assert.deepEqual(nodeViolations(facts('src/node/a.ts', text), house), []);
    assert.deepEqual(nodeViolations(facts('src/http/a.ts', 'const a = { process: 1 }; a.process;'), house), []);
  });

  test('catch a cycle of three files, of types alone too', () => {
    const [a, b, c] = ['b', 'c', 'a'].map((next, at) =>
      facts(`src/model/${'abc'[at]}.ts`, `import type { X } from './${next}.ts';`),
    );
    assert.ok(a && b && c);
    assert.deepEqual(cycles([a, b, c]), ['src/model/a.ts -> src/model/b.ts -> src/model/c.ts -> src/model/a.ts']);
    assert.deepEqual(cycles([a, b]), []);
  });

  test('catch long files, long functions and default exports', () => {
    const long = `const f = () => {${'\n'.repeat(60)}};\nexport { f as default };`;
    assert.deepEqual(shapeViolations(facts('src/a.ts', long)), [
      'src/a.ts has a default export',
      'src/a.ts:1 is a function of 61 lines',
    ]);
    assert.equal(shapeViolations(facts('src/a.ts', `export default 1;${'\n'.repeat(300)}1;`)).length, 2);
  });
});
