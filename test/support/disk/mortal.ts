/** Loaded into a command with `--import`: it dies with its nth call to the disk below a folder, or tells how many there were. */
import { writeFileSync } from 'node:fs';
import { judgeDisk } from './disk-calls.ts';

const { DISK_BELOW = '/nowhere', DISK_DIES_AT = '-1', DISK_CALLS } = process.env;
let calls = 0;
await judgeDisk(DISK_BELOW, () => (calls++ === Number(DISK_DIES_AT) ? 'die' : 'go on'));
if (DISK_CALLS !== undefined) process.on('exit', () => writeFileSync(DISK_CALLS, String(calls)));
