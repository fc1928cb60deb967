/** What an executable is made for, as its header says: all that can be told of one that does not run here. */

export type Format = 'ELF x64' | 'ELF arm64' | 'Mach-O x64' | 'Mach-O arm64' | 'PE x64';

const [ELF, MACH_O, PE] = [0x464c457f, 0xfeedfacf, 0x00004550];

const elfMachines: Readonly<Record<number, Format>> = { 0x3e: 'ELF x64', 0xb7: 'ELF arm64' };
const machTypes: Readonly<Record<number, Format>> = { 0x01000007: 'Mach-O x64', 0x0100000c: 'Mach-O arm64' };
const peMachines: Readonly<Record<number, Format>> = { 0x8664: 'PE x64' };

/** undefined: none of those that are made. @param bytes of the file, from its start */
export function formatOf(bytes: Buffer): Format | undefined {
  if (bytes.length < 64) return undefined;
  const magic = bytes.readUInt32LE(0);
  if (magic === ELF) return elfMachines[bytes.readUInt16LE(18)];
  if (magic === MACH_O) return machTypes[bytes.readUInt32LE(4)];
  if (bytes.toString('latin1', 0, 2) !== 'MZ') return undefined;
  const at = bytes.readUInt32LE(0x3c);
  if (at + 6 > bytes.length || bytes.readUInt32LE(at) !== PE) return undefined;
  return peMachines[bytes.readUInt16LE(at + 4)];
}
