/** Guards of an upload, and of who has signed. */
import type { Mutant } from './mutant.ts';

export const uploadMutants: readonly Mutant[] = [
  {
    family: 'upload',
    guard: 'a commit whose answer is lost is looked for',
    file: 'src/registry/upload.ts',
    find: 'if (await blobIsThere(place, descriptor, call).catch(() => false)) return;',
    replace: '',
    tests: ['test/registry/push-blob.test.ts'],
  },
  {
    family: 'upload',
    guard: 'a commit whose answer is lost is no failure yet',
    file: 'src/registry/upload-whole.ts',
    find: "if (call.signal?.aborted !== true && isAmbiguous(error)) return { error, next: 'whole' };",
    replace: '',
    tests: ['test/registry/push-blob.test.ts'],
  },
  {
    family: 'upload',
    guard: 'a mount that is answered 202 is an upload',
    file: 'src/registry/upload-session.ts',
    find: "if (status === 201) return 'mounted';",
    replace: "if (status === 201 || status === 202) return 'mounted';",
    tests: ['test/registry/push-blob.test.ts'],
  },
  {
    family: 'upload',
    guard: 'the URL of an upload goes back byte for byte',
    file: 'src/registry/upload-session.ts',
    find: "return `${url}${url.includes('?') ? '&' : '?'}digest=${encodeURIComponent(digest)}`;",
    replace: 'const at = new URL(url); at.searchParams.set("digest", digest); return at.href;',
    tests: ['test/registry/push-blob.test.ts'],
  },
  {
    family: 'upload',
    guard: 'an upload that failed for good is given up',
    file: 'src/registry/upload.ts',
    find: 'await cancelUpload(place, session, call);\n    if (call.signal',
    replace: 'if (call.signal',
    tests: ['test/registry/push-blob.test.ts'],
  },
];

export const signatureMutants: readonly Mutant[] = [
  {
    family: 'signatures',
    guard: 'a signature is of the image’s digest',
    file: 'src/node/verify/judge.ts',
    find: 'subjects.find(({ descriptor }) => descriptor.digest === digest)',
    replace: 'subjects[0]',
    tests: ['test/node/verify/verify-keys.test.ts'],
  },
  {
    family: 'signatures',
    guard: 'a signature is by the key',
    file: 'src/node/verify/prover.ts',
    find: 'return key.verify(claim.bytes, claim.signature);',
    replace: 'return key !== undefined;',
    tests: ['test/node/verify/verify-keys.test.ts'],
  },
  {
    family: 'signatures',
    guard: 'a statement is by the key',
    file: 'src/node/verify/prover.ts',
    find: 'return claim.signatures.some((signature) => key.verify(bytes, signature));',
    replace: 'return bytes !== undefined;',
    tests: ['test/node/verify/verify-attestations.test.ts'],
  },
  {
    family: 'signatures',
    guard: 'a statement is of the image’s digest',
    file: 'src/node/verify/judge.ts',
    find: 'if (subject === undefined) continue;',
    replace: 'if (subject === undefined) return { subject: descriptor.digest, signer, predicateType };',
    tests: ['test/node/verify/verify-attestations.test.ts'],
  },
  {
    family: 'signatures',
    guard: 'a certificate is of whom the policy means',
    file: 'src/node/verify/prover.ts',
    find: 'if (isWanted(owner)) return owner;',
    replace: 'if (isWanted(owner) || true) return owner;',
    tests: ['test/node/verify/verify-certificates.test.ts'],
  },
];
