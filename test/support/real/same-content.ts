/** Two repositories compared by plain requests: the same manifests to the byte, all blobs there, the same things attached. */
import assert from 'node:assert/strict';
import { fallbackTag, inRepository, type RawDescriptor, rawManifest } from './raw-registry.ts';
import type { SetUp } from './set-ups.ts';

/** A repository of one of the set-ups. */
export interface RawRepository {
  readonly registry: SetUp;
  readonly name: string;
}

interface Document {
  readonly manifests?: readonly RawDescriptor[];
  readonly config?: RawDescriptor;
  readonly layers?: readonly RawDescriptor[];
}

/**
 * Follows everything from a tag or digest, and what is attached to it.
 * @returns the digests of the manifests that were compared, those that are attached included.
 */
export async function assertSameContent(
  from: RawRepository,
  to: RawRepository,
  reference: string,
): Promise<Set<string>> {
  const compared = new Set<string>();
  await compareManifest(from, to, reference, compared);
  return compared;
}

async function compareManifest(
  from: RawRepository,
  to: RawRepository,
  reference: string,
  compared: Set<string>,
): Promise<void> {
  const [one, other] = await Promise.all(
    [from, to].map(({ registry, name }) => rawManifest(registry, name, reference)),
  );
  assert.ok(one, `${reference} is not at its source`);
  assert.ok(other, `${reference} is not in ${to.name}`);
  assert.deepEqual(other.descriptor, one.descriptor);
  assert.ok(Buffer.from(other.bytes).equals(one.bytes), `${reference} has other bytes`);
  if (compared.has(one.descriptor.digest)) return;
  compared.add(one.descriptor.digest);
  const { manifests = [], config, layers = [] } = JSON.parse(Buffer.from(one.bytes).toString()) as Document;
  for (const { digest } of manifests) await compareManifest(from, to, digest, compared);
  for (const blob of config === undefined ? layers : [config, ...layers]) await assertBlob(to, blob);
  await compareAttached(from, to, one.descriptor, compared);
}

async function compareAttached(
  from: RawRepository,
  to: RawRepository,
  subject: RawDescriptor,
  compared: Set<string>,
): Promise<void> {
  const [wanted, got] = await Promise.all([attachedTo(from, subject), attachedTo(to, subject)]);
  assert.deepEqual(got, wanted, `what is attached to ${subject.digest}`);
  for (const digest of wanted) await compareManifest(from, to, digest, compared);
}

async function attachedTo({ registry, name }: RawRepository, subject: RawDescriptor): Promise<string[]> {
  const list = await rawManifest(registry, name, fallbackTag(subject));
  if (list === undefined) return [];
  const { manifests = [] } = JSON.parse(Buffer.from(list.bytes).toString()) as Document;
  return manifests.map(({ digest }) => digest).toSorted();
}

async function assertBlob({ registry, name }: RawRepository, { digest, size }: RawDescriptor): Promise<void> {
  const { status, headers } = await inRepository(registry, name, `blobs/${digest}`, { method: 'HEAD' });
  assert.equal(status, 200, `${digest} in ${name}`);
  assert.equal(Number(headers['content-length']), size);
}
