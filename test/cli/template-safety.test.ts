/** What strangers have written passes a template as it passes text: nothing of it is obeyed, and no line is forged. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import * as fc from 'fast-check';
import { parseTemplate } from '../../src/cli/terminal/template.ts';
import { serve } from '../../src/node/serve/serve.ts';
import { createMemoryRegistry } from '../../src/store/memory.ts';
import { putImage } from '../../src/testing/fixtures.ts';
import { cli } from '../support/cli.ts';

const hostile = {
  escape: 'red\u001b[31m',
  lines: 'one\ntwo\tthree\r',
  command: '::error::gone',
  colons: ':error::gone',
  older: 'x ##[command]y',
  encoded: '%1b[2J%0a::warning::x',
  bidi: 'a\u202eb\u009b2J',
  list: ['1\n2', '3'],
};
const rendered = (template: string): string => parseTemplate(template)(hostile);

describe('CAP-M2: what a template is filled with', () => {
  test('is escaped like text, whatever prints it', () => {
    assert.equal(rendered('{{ escape }}'), 'red\\x1b[31m\n');
    assert.equal(rendered('{{ lines }}|{{ bidi }}'), 'one\\ntwo\\tthree\\r|a\\u202eb\\x9b2J\n');
    assert.equal(rendered('{% echo lines %}{% cycle lines %}'), 'one\\ntwo\\tthree\\rone\\ntwo\\tthree\\r\n');
    assert.equal(
      rendered('{% capture a %}{{ lines }}{% endcapture %}{% assign b = a %}{{ b }}'),
      'one\\ntwo\\tthree\\r\n',
    );
    assert.equal(rendered('{{ list }} {{ list | join: "+" }}'), '["1\\n2","3"] 1\\n2+3\n');
  });

  test('cannot be made active by a filter', () => {
    assert.equal(rendered('{{ encoded | url_decode }}'), '\\x1b[2J\\n::warning::x\n');
    assert.equal(rendered('{{ encoded | url_decode | raw }}'), '\\x1b[2J\n\\x3a:warning::x\n');
    assert.equal(rendered('{{ lines | raw }}'), 'one\ntwo\tthree\\r\n');
    assert.equal(rendered('{{ "\u001b" }}'), '\\x1b\n');
  });

  test('commands no CI system, alone or with what stands before it', () => {
    assert.equal(rendered('{{ command }}'), '\\x3a:error::gone\n');
    assert.equal(rendered('  {{ command }}'), '  \\x3a:error::gone\n');
    assert.equal(rendered(':{{ colons }}'), '\\x3a:error::gone\n');
    assert.equal(rendered('a\n{{ command }}'), 'a\n\\x3a:error::gone\n');
    assert.equal(rendered('{{ older }}'), 'x \\x23#[command]y\n');
  });

  test('comes out of json as it went in, and as safe', () => {
    for (const key of Object.keys(hostile) as (keyof typeof hostile)[]) {
      const text = rendered(`{{ ${key} | json }}`);
      assert.deepEqual(JSON.parse(text), hostile[key]);
      assert.doesNotMatch(text.trimEnd(), /[^\x20-\x7e]|##\[/);
    }
    assert.equal(rendered('{{ list | json: 2 }}'), '[\n  "1\\n2",\n  "3"\n]\n');
  });

  test('is never active, and never a line of its own', () => {
    const values = fc.string({
      unit: fc.constantFrom(':', '#', '[', ' ', '\n', '\t', '\r', '\u001b', '\u0000', '\u202e', '\u2028', 'a'),
    });
    const template = parseTemplate(
      '{{ a }}{{ b }}\\t{{ list }}{% for one in list %}{{ one }}{% endfor %}{{ a | json }}',
    );
    fc.assert(
      fc.property(values, values, (a, b) => {
        const text = template({ a, b, list: [a, b] });
        assert.match(text, /^[^\n]+\n$/);
        assert.doesNotMatch(text.slice(0, -1).replaceAll('\t', ''), /[^\x20-\x7e]/);
        assert.doesNotMatch(text, /^\s*::|##\[/);
      }),
    );
  });
});

test('CAP-M2: what a registry says reaches no terminal through a template', async () => {
  const registry = createMemoryRegistry();
  const Env = ['a\u001b[2Jb', 'c\n::error::d', '::add-mask::e', '\u202ef'];
  await putImage(registry.repository('app'), { layers: [], config: { config: { Env } }, tags: ['1'] });
  const served = await serve({ registry });
  try {
    for (const [command, list] of [
      ['config', 'config.Env'],
      ['inspect', 'image.config.Env'],
    ] as const) {
      const template = `{% for one in ${list} %}{{ one }}\\n{% endfor %}`;
      const argv = [command, `${served.host}/app:1`, '--template', template];
      const { code, stdout } = await cli(argv, { stdoutIsTTY: true });
      assert.equal(code, 0);
      assert.equal(stdout, 'a\\x1b[2Jb\nc\\n::error::d\n\\x3a:add-mask::e\n\\u202ef\n');
    }
  } finally {
    await served.close();
  }
});

describe('CAP-M2: the language of templates', () => {
  const document = {
    size: 3,
    when: '2024-05-06T23:08:09Z',
    map: { b: 1, 'a.b/c': 'x' },
    nothing: null,
    digest: 'sha256:00',
  };
  const text = (template: string): string => parseTemplate(template)(document);

  test('a last line that does not end is ended, and \\n and \\t are what they look like', () => {
    assert.equal(text('{{ size }}'), '3\n');
    assert.equal(text('{{ size }}\n'), '3\n');
    assert.equal(text('{{ size }}\\n'), '3\n');
    assert.equal(text('{{ size }}\\t{{ size }}\\n\\n'), '3\t3\n\n');
    assert.equal(text('{% raw %}{{\\n}}{% endraw %}'), '{{\\n}}\n');
    assert.equal(text('{{ nothing }}'), '');
  });

  test('has no prototypes, and no size where there is none', () => {
    assert.equal(text('{{ map["a.b/c"] }} {{ map.size }} {{ map | json }}'), 'x 2 {"b":1,"a.b/c":"x"}\n');
    for (const name of ['constructor', 'map.toString', '__proto__', 'digest.replace'])
      assert.throws(() => text(`{{ ${name} }}`), { code: 'USAGE' }, name);
    assert.throws(() => parseTemplate('{{ size }}')({ a: 1 }), { code: 'USAGE', message: /there is no size/ });
  });

  test('tells times in UTC and in English, on every machine', () => {
    assert.equal(
      text('{{ when | date }} {{ when | date: "%A %d %B, %H:%M" }}'),
      '2024-05-06T23:08:09Z Monday 06 May, 23:08\n',
    );
  });

  test('renders each document afresh', () => {
    const render = parseTemplate('{% increment n %}{% cycle "a", "b" %}{{ one | default: "-" }}{% assign one = 1 %}');
    assert.equal(render({}) + render({}), '0a-\n0a-\n');
  });

  test('shows of a value what its JSON would: what is left out there is not there', () => {
    const render = parseTemplate('{{ at }} {{ gone | default: "gone" }}');
    assert.equal(render({ at: new Date(0), gone: undefined }), '1970-01-01T00:00:00.000Z gone\n');
  });
});
