#!/usr/bin/env node
/** The program's entry: hands the process to the commands, and ends with their code. */
import * as module from 'node:module';
import { processContext } from './context.ts';
import { run } from './program.ts';

// Node 22.8 and later keep the compiled code of the next start.
(module as { enableCompileCache?: () => unknown }).enableCompileCache?.();

// A small young generation is swept often, and the buffers of streams with it: a large image takes no more memory than it must.
process.getBuiltinModule('node:v8').setFlagsFromString('--semi-space-growth-factor=1');

process.exitCode = await run(process.argv.slice(2), processContext());
