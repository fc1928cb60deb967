import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { type Zone, zoneOfAddress, zoneOfHost } from '../../src/http/address.ts';

const spellings: Readonly<Record<string, Zone>> = {
  'http://127.0.0.1/': 'loopback',
  'http://127.1/': 'loopback',
  'http://2130706433/': 'loopback',
  'http://0x7f.1/': 'loopback',
  'http://0177.0.0.1/': 'loopback',
  'http://１２７.０.０.１/': 'loopback',
  'http://127.0.0.1./': 'loopback',
  'http://[::1]/': 'loopback',
  'http://[::ffff:127.0.0.1]/': 'loopback',
  'http://[::127.0.0.1]/': 'loopback',
  'http://localhost/': 'loopback',
  'http://localhost./': 'loopback',
  'http://LOCALHOST/': 'loopback',
  'http://a.localhost/': 'loopback',
  'http://127.0.0.1.nip.io/': 'loopback',
  'http://app-127-0-0-1.sslip.io/': 'loopback',
  'http://7f000001.nip.io/': 'loopback',
  'http://lvh.me/': 'loopback',
  'http://169.254.169.254/': 'forbidden',
  'http://2852039166/': 'forbidden',
  'http://0xa9fea9fe/': 'forbidden',
  'http://[::ffff:169.254.169.254]/': 'forbidden',
  'http://[::ffff:a9fe:a9fe]/': 'forbidden',
  'http://[64:ff9b::169.254.169.254]/': 'forbidden',
  'http://[2002:a9fe:a9fe::1]/': 'forbidden',
  'http://[fd00:ec2::254]/': 'forbidden',
  'http://[fe80::1]/': 'forbidden',
  'http://0.0.0.0/': 'forbidden',
  'http://0/': 'forbidden',
  'http://[::]/': 'forbidden',
  'http://224.0.0.1/': 'forbidden',
  'http://255.255.255.255/': 'forbidden',
  'http://[ff02::1]/': 'forbidden',
  'http://100.100.100.200/': 'forbidden',
  'http://metadata.google.internal/': 'forbidden',
  'http://169-254-169-254.nip.io/': 'forbidden',
  'http://10.0.0.1/': 'private',
  'http://172.31.255.255/': 'private',
  'http://192.168.1.1/': 'private',
  'http://100.64.0.1/': 'private',
  'http://[fd12::1]/': 'private',
  'http://[::ffff:10.0.0.1]/': 'private',
  'http://registry/': 'private',
  'http://minio.storage.svc.cluster.local/': 'private',
  'http://172.32.0.1/': 'public',
  'http://100.128.0.1/': 'public',
  'http://8.8.8.8/': 'public',
  'http://[2606:4700::1]/': 'public',
  'http://ghcr.io/': 'public',
  'http://reg.test/': 'public',
  'http://localhost.example.com/': 'public',
  'http://127.0.0.1.example.com/': 'public',
};

describe('the zone of a host', () => {
  for (const [url, zone] of Object.entries(spellings)) {
    test(`${url} is ${zone}`, () => assert.equal(zoneOfHost(new URL(url).hostname), zone));
  }
});

test('an address from a name server is judged with its zone index, and what is no address is none', () => {
  assert.equal(zoneOfAddress('fe80::1%eth0'), 'forbidden');
  assert.equal(zoneOfAddress('::1'), 'loopback');
  assert.equal(zoneOfAddress('203.0.113.9'), 'public');
  for (const none of ['', 'ghcr.io', '1.2.3', '1.2.3.256', ':::', 'g::1']) assert.equal(zoneOfAddress(none), undefined);
});
