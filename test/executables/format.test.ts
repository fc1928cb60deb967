import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { formatOf } from '../../scripts/executables/format.ts';

function header(write: (bytes: Buffer) => void): Buffer {
  const bytes = Buffer.alloc(256);
  write(bytes);
  return bytes;
}

function elf(machine: number): Buffer {
  return header((bytes) => {
    bytes.write('\x7fELF', 'latin1');
    bytes.writeUInt16LE(machine, 18);
  });
}

function machO(type: number): Buffer {
  return header((bytes) => {
    bytes.writeUInt32LE(0xfeedfacf, 0);
    bytes.writeUInt32LE(type, 4);
  });
}

function pe(machine: number, at = 0x80): Buffer {
  return header((bytes) => {
    bytes.write('MZ', 'latin1');
    bytes.writeUInt32LE(at, 0x3c);
    if (at < 200) {
      bytes.write('PE\0\0', at, 'latin1');
      bytes.writeUInt16LE(machine, at + 4);
    }
  });
}

test('tells for which machine a program is', () => {
  assert.equal(formatOf(elf(0x3e)), 'ELF x64');
  assert.equal(formatOf(elf(0xb7)), 'ELF arm64');
  assert.equal(formatOf(machO(0x01000007)), 'Mach-O x64');
  assert.equal(formatOf(machO(0x0100000c)), 'Mach-O arm64');
  assert.equal(formatOf(pe(0x8664)), 'PE x64');
});

test('knows nothing of other machines, of scripts, and of what is cut', () => {
  for (const bytes of [
    elf(0x03),
    machO(7),
    pe(0x014c),
    pe(0x8664, 1 << 20),
    Buffer.from('#!/bin/sh\n'),
    Buffer.alloc(0),
  ])
    assert.equal(formatOf(bytes), undefined);
});

test('the program of this machine is one', { skip: process.platform !== 'linux' }, () => {
  assert.match(formatOf(readFileSync(process.execPath)) ?? '', /^ELF/);
});
