import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { copy } from '../../src/graph/copy.ts';
import { validate } from '../../src/graph/validate.ts';
import { append } from '../../src/image/change/append.ts';
import { layerFrom } from '../../src/image/layer/layer.ts';
import { serve } from '../../src/node/serve/serve.ts';
import { nodeTransport } from '../../src/node/http/transport.ts';
import { createClient } from '../../src/registry/client.ts';
import type { Access } from '../../src/server/access.ts';
import { basicAccess } from '../../src/server/basic-access.ts';
import { tokenAccess } from '../../src/server/token-access.ts';
import { buildLayer, type Family, putImage } from '../../src/testing/fixtures.ts';
import { absoluteLocation, statefulLocation } from '../../src/testing/quirks.ts';
import { combine } from '../../src/testing/wrap.ts';
import { filesIn, viewImage } from '../support/image-view.ts';
import { startLoggedRegistry } from '../support/logged-registry.ts';
import { basic } from '../support/real/raw-request.ts';

const account = { username: 'ann', password: 'pass:word' };

/** How a registry may guard itself; the realm is that of its token server. */
const guards: Readonly<Record<string, (realm: string) => Access | undefined>> = {
  nobody: () => undefined,
  Basic: () => basicAccess({ check: (user, password) => user === account.username && password === account.password }),
  Bearer: (realm) =>
    tokenAccess({
      realm,
      service: 'test',
      verify: (token) => ({ grants: JSON.parse(Buffer.from(token, 'base64').toString()) as [] }),
    }),
};

/** Gives tokens for what is asked, to the account alone. */
async function tokenServer(t: TestContext): Promise<string> {
  const server = await serve(async (request) => {
    if (request.headers.get('authorization') !== basic(account.username, account.password)) {
      return new Response('', { status: 401 });
    }
    const grants = new URL(request.url).searchParams.getAll('scope').map((scope) => {
      const [type, name, actions = ''] = scope.split(':');
      return { type, name, actions: actions.split(',') };
    });
    return Response.json({ token: Buffer.from(JSON.stringify(grants)).toString('base64') });
  });
  t.after(() => server.close());
  return `${server.url}/token`;
}

for (const [guard, accessFor] of Object.entries(guards)) {
  for (const family of ['oci', 'docker'] as const satisfies readonly Family[]) {
    test(`F10: a layer is appended over absolute locations, behind ${guard} (${family})`, async (t) => {
      const realm = await tokenServer(t);
      const access = accessFor(realm);
      const wrap = combine(absoluteLocation(), statefulLocation());
      const served = await startLoggedRegistry({ wrap, ...(access && { access }) });
      t.after(() => served.close());
      const { host, registry, log } = served;
      await putImage(registry.repository('team/app'), { layers: [{ files: { base: 'base' } }], family, tags: ['1'] });
      const hosts = { [host]: { credential: account, realms: [new URL(realm).host] } };
      const client = createClient({ transport: nodeTransport({ proxy: false }), hosts });
      t.after(() => client.close());
      const repository = client.repository(`${host}/team/app`);

      const layer = await layerFrom((await buildLayer({ files: { 'mydata/hello': 'hello' } })).content);
      const { source, root } = await append(repository, '1', [layer]);
      await copy(source, root, repository, { tags: ['2'] });

      const { manifest, document } = await viewImage(repository, '2');
      assert.equal(manifest.descriptor.digest, root.digest);
      const mediaTypes = new Set(
        [manifest.descriptor, document.config, ...document.layers].map((one) => one.mediaType),
      );
      assert.ok(
        [...mediaTypes].every((type) => type.includes(family === 'oci' ? '.oci.' : '.docker.')),
        [...mediaTypes].join(),
      );
      assert.deepEqual(await filesIn(repository.blob(document.layers[1] ?? assert.fail())), {
        'mydata/hello': 'hello',
      });
      assert.deepEqual((await validate(repository, '2')).problems, []);
      const wasRefused = log.some(({ status }) => status === 401);
      assert.equal(wasRefused, guard !== 'nobody');
    });
  }
}
