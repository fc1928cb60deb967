/** All mutants, family by family. */
import { authorizeMutants } from './authorize.ts';
import { connectionMutants } from './connections.ts';
import { strictMutants, verifyMutants } from './content.ts';
import { extractionMutants, lockingMutants } from './disk.ts';
import { hopMutants } from './hop.ts';
import { limitMutants } from './limits.ts';
import type { Mutant } from './mutant.ts';
import { redactionMutants } from './redaction.ts';
import { tokenMutants } from './tokens.ts';
import { signatureMutants, uploadMutants } from './writing.ts';

export const mutants: readonly Mutant[] = [
  ...hopMutants,
  ...authorizeMutants,
  ...verifyMutants,
  ...limitMutants,
  ...extractionMutants,
  ...lockingMutants,
  ...tokenMutants,
  ...redactionMutants,
  ...strictMutants,
  ...connectionMutants,
  ...uploadMutants,
  ...signatureMutants,
];
