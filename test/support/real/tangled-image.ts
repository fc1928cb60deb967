/**
 * An image in which files are what real ones seldom are: links over layers, names in every length, times in nanoseconds and before
 * 1970, attributes, devices. Each step is a script of the shell; umoci packs what it changed, or tar(1) the names that it tells, in
 * their order. What an unpacker may do as it likes is not in it: every directory is told of.
 */
import { execFile } from 'node:child_process';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { toolPath } from './find-tool.ts';
import { run } from './run.ts';
import { type LayoutImage, umociMakeImage, umociNewLayout, umociUnpack } from './umoci.ts';
import { umociAddLayer, umociRepack } from './umoci-layers.ts';

/** A layer. */
interface Step {
  readonly script: string;
  /** `repack`: what the script does to all that is there. Else the script makes files of its own, and these are packed. */
  readonly pack: 'repack' | readonly string[];
  /** posix unless told. */
  readonly format?: 'gnu' | 'posix';
  /** Further flags for tar(1). */
  readonly flags?: readonly string[];
  /** Taken out of the archive again: what was a link to them is then one to what a lower layer has. */
  readonly without?: readonly string[];
}

/** Everything that a script has just made or changed gets a time of its own. */
const settle = `
  find . -newermt @1700000000 ! -newermt @4000000000 -exec sh -c '
    for file; do count=$((count + 1)); touch -h -d "@$((START + count)).$((100000001 + count * 7919))" "$file"; done
  ' - {} +`;

const long = `${'a-directory-with-a-name-of-some-length/'.repeat(8)}${'f'.repeat(200)}`;

const steps: Readonly<Record<string, Step>> = {
  base: {
    script: `
      mkdir -p bin usr/bin usr/share/doc/deep etc/conf.d var/empty opt/old/x dev tmp run/lock home/user "$(dirname "${long}")"
      head -c 300000 "$BUSYBOX" > bin/busybox; echo able > bin/able
      for applet in ash cat ls; do ln bin/busybox bin/$applet; done
      for applet in sh vi; do ln -s busybox bin/$applet; done
      ln -s ../../bin/busybox usr/bin/env
      echo long > "${long}"
      ln -s "${long}" long-link
      ln "${long}" short-name
      echo a > usr/share/doc/a; echo b > usr/share/doc/deep/b
      echo root > etc/passwd; echo conf > etc/conf.d/conf
      echo x > opt/old/x/x; ln -s x/x opt/old/link
      echo dir > became-directory; mkdir became-file became-link; echo in > became-file/in; echo in > became-link/in
      ln -s etc became-real; echo 1 > first; ln first second; ln second third
      ln -s first link-one; ln link-one link-two
      printf '' > empty; ln empty empty-too
      mkfifo run/fifo dev/fifo; ln dev/fifo dev/fifo-too
      head -c 100000 /dev/zero > zeros
      chmod 4755 bin/busybox; chmod 2755 var/empty; chmod 1777 tmp; chmod 0000 zeros; chmod 0700 home/user; chmod 6711 first
      if [ "$(id -u)" = 0 ]; then
        mknod -m 0666 dev/null c 1 3; mknod -m 0660 dev/loop7 b 7 7; mknod -m 0600 dev/big c 4095 1048575
        ln dev/null dev/zero-too
        chown 1000:1000 home/user etc/conf.d/conf; chown -h 12:34 bin/sh; chown 65534:65534 tmp; chown 4294967294:2097152 empty
        chmod 6711 first
        PATH="$PATH:/usr/sbin:/sbin"; ! command -v setcap > /dev/null || setcap cap_net_raw+ep bin/able
      fi`,
    pack: ['.'],
  },
  changed: {
    script: `
      rm -r usr/share/doc/deep became-file became-link; rm became-directory became-real bin/cat second
      mkdir became-directory became-real; echo 2 > became-directory/in; echo 3 > became-real/in
      echo now a file > became-file; ln -s nowhere became-link
      echo more >> etc/passwd; chmod 0640 etc/conf.d/conf; touch -h -d @1234567890.123456789 bin/vi
      mv opt/old opt/new; ln third fourth; mkdir -p srv/a/b/c; echo c > srv/a/b/c/c
      chmod 0711 etc; touch -d @1500000000.5 var/empty`,
    pack: 'repack',
  },
  ordered: {
    script: `
      mkdir -p usr/share/doc/deep srv/a opt/new etc
      echo before > usr/share/doc/before; touch usr/share/doc/.wh..wh..opq; echo after > usr/share/doc/deep/after
      echo gone first > srv/.wh.a; echo again > srv/a/again
      touch etc/.wh.passwd; echo stays > etc/passwd
      touch opt/new/.wh.x opt/new/.wh.nothing; touch .wh.third .wh.run .wh.never`,
    pack: [
      'usr/share/doc',
      'usr/share/doc/before',
      'usr/share/doc/.wh..wh..opq',
      'usr/share/doc/deep',
      'usr/share/doc/deep/after',
      'srv/.wh.a',
      'srv/a',
      'srv/a/again',
      'etc/passwd',
      'etc/.wh.passwd',
      'opt/new/.wh.x',
      'opt/new/.wh.nothing',
      '.wh.third',
      '.wh.run',
      '.wh.never',
      'usr',
      'usr/share',
      'srv',
      'opt/new',
      'opt',
      'etc',
    ],
    flags: ['--no-recursion'],
  },
  linked: {
    script: `
      mkdir -p bin; echo never packed > bin/busybox; ln bin/busybox bin/box; ln bin/busybox box
      ln -s nothing link-two; ln link-two link-three; echo x > fourth; ln fourth fifth`,
    pack: ['bin/busybox', 'link-two', 'fourth', 'bin', 'bin/box', 'box', 'link-three', 'fifth'],
    flags: ['--no-recursion'],
    without: ['bin/busybox', 'link-two', 'fourth'],
  },
  attributes: {
    script: `mkdir -p attributes/dir; echo coloured > attributes/file; echo other > attributes/other`,
    pack: ['attributes', 'attributes/dir', 'attributes/file', 'attributes/other'],
    flags: ['--no-recursion', '--pax-option=SCHILY.xattr.user.colour:=grün = two words'],
  },
  odd: {
    script: `
      mkdir -p 'odd names'; cd 'odd names'
      echo 1 > 'a b'; echo 2 > "$(printf 'new\\nline')"; echo 3 > 'back\\slash'; echo 4 > "$(printf 'latin-\\374')"; echo 5 > ünï☃
      echo 6 > '-dash'; echo 7 > '*'; echo 8 > "$(printf '%0100d' 0)"; echo 9 > "$(printf '%0255d' 0)"; echo 10 > ' '; echo 11 > '..a'
      ln -s "$(printf 'lat\\374n')" to-latin; ln -s "$(printf '%0101d' 0)" to-long; ln -s / to-root; ln -s ../../../.. out; ln -s . here
      ln "$(printf 'latin-\\374')" 'latin again'
      echo old > old; touch -d @-86400.25 old; echo new > new; touch -d @4294967296.75 new; echo zero > zero; touch -d @0 zero`,
    pack: ['odd names'],
  },
  gnu: {
    script: `
      d="gnu/${'n'.repeat(90)}/${'n'.repeat(90)}"; mkdir -p "$d" gnu/dev; echo 1 > "$d/${'n'.repeat(90)}"; echo ü > gnu/ü
      ln -s "$d/${'n'.repeat(90)}" gnu/link; ln "$d/${'n'.repeat(90)}" gnu/hard
      echo old > gnu/old; touch -d @-1000000000 gnu/old; echo new > gnu/new; touch -d @9000000000 gnu/new
      if [ "$(id -u)" = 0 ]; then chown 4294967294:2097152 gnu/ü; chown 300000:262144 gnu/link -h; fi`,
    pack: ['gnu'],
    format: 'gnu',
  },
  last: {
    script: `
      rm first; rm -r opt; rm 'odd names/a b'; ln 'odd names/*' star; chmod 0755 attributes/file; rm bin/busybox; echo new > bin/busybox`,
    pack: 'repack',
  },
};

/**
 * Makes the image in a layout, which is made as well.
 * @param work a directory to write to; afterwards the layers that tar(1) has packed stand in it: `ordered.tar`, `odd.tar`, `gnu.tar` …
 */
export async function makeTangledImage(image: LayoutImage, work: string): Promise<void> {
  const [layout = ''] = image.split(':');
  await umociNewLayout(layout);
  await umociMakeImage(image, { architecture: 'amd64', layers: [] });
  let start = 1_400_000_000;
  for (const [name, step] of Object.entries(steps)) {
    start += 10_000_000;
    const place = join(work, name);
    if (step.pack === 'repack') {
      await umociUnpack(image, place);
      await shell(step.script, join(place, 'rootfs'), start);
      await umociRepack(image, place);
    } else {
      await mkdir(place);
      await shell(step.script, place, start);
      await umociAddLayer(image, await packed(step, place));
    }
  }
}

async function shell(script: string, cwd: string, start: number): Promise<void> {
  const env = { PATH: process.env.PATH, LC_ALL: 'C', START: String(start), BUSYBOX: toolPath('busybox') };
  await promisify(execFile)('sh', ['-euc', `${script}\ncd "$ROOT"\n${settle}`], { cwd, env: { ...env, ROOT: cwd } });
}

/** @returns the archive */
async function packed({ pack, format = 'posix', flags = [], without = [] }: Step, place: string): Promise<string> {
  const archive = `${place}.tar`;
  const pax = format === 'posix' ? ['--pax-option=delete=atime,delete=ctime', '--xattrs'] : [];
  const how = [`--format=${format}`, '--sort=name', '--numeric-owner', ...pax];
  const names = pack === 'repack' ? [] : pack;
  await run('tar', ['--create', `--file=${archive}`, ...how, ...flags, `--directory=${place}`, ...names]);
  for (const name of without) await run('tar', ['--delete', `--file=${archive}`, name]);
  return archive;
}
