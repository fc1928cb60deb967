/** Challenges that other clients have misread, each of one scheme or of several: what it is, the header, and what it says. */

type Params = Readonly<Record<string, string>>;

const harbor = {
  realm: 'https://harbor.test/service/token',
  service: 'harbor-registry',
  scope: 'repository:library/a:pull',
};

export const misread: readonly (readonly [string, string, readonly (readonly [string, Params])[]])[] = [
  // docker_registry2
  ['a comma in a scope', 'Bearer scope="repository:a:pull,push"', [['bearer', { scope: 'repository:a:pull,push' }]]],
  ['values that are not quoted', 'Bearer realm=https://r/t', [['bearer', { realm: 'https://r/t' }]]],
  [
    'an empty value among others',
    'Bearer realm="r",service="",x="y"',
    [['bearer', { realm: 'r', service: '', x: 'y' }]],
  ],
  ['a hyphen in a name', 'Bearer realm="r",x-ms="1"', [['bearer', { realm: 'r', 'x-ms': '1' }]]],
  [
    'two whose parameters are not to be mixed',
    'Basic realm="one", Bearer realm="https://r/two"',
    [
      ['basic', { realm: 'one' }],
      ['bearer', { realm: 'https://r/two' }],
    ],
  ],
  [
    'two of one scheme',
    'Bearer realm="https://r/one",service="s", Bearer realm="https://r/two"',
    [
      ['bearer', { realm: 'https://r/one', service: 's' }],
      ['bearer', { realm: 'https://r/two' }],
    ],
  ],
  // imagespy/registry-client
  ['an equals sign in a realm', 'Bearer realm="https://r/t?x=y&z=1"', [['bearer', { realm: 'https://r/t?x=y&z=1' }]]],
  ['a blank after the comma', 'Bearer realm="r", service="s"', [['bearer', { realm: 'r', service: 's' }]]],
  ['a scheme in capitals', 'BEARER realm="r"', [['bearer', { realm: 'r' }]]],
  ['names in capitals', 'Bearer REALM="r",Service="s"', [['bearer', { realm: 'r', service: 's' }]]],
  ['several blanks behind the scheme', 'Bearer   realm="r"', [['bearer', { realm: 'r' }]]],
  [
    'escapes that need none (the example of the distribution)',
    String.raw`Bearer realm="https://auth.example.com/token",service="registry.example.com",other=fun,slashed="he\"\l\lo"`,
    [
      [
        'bearer',
        {
          realm: 'https://auth.example.com/token',
          service: 'registry.example.com',
          other: 'fun',
          slashed: 'he"llo',
        },
      ],
    ],
  ],
  // registries
  [
    'Harbor',
    'Bearer realm="https://harbor.test/service/token",service="harbor-registry",scope="repository:library/a:pull"',
    [['bearer', harbor]],
  ],
  ['the catalog of Harbor (goharbor/harbor#22118)', 'Basic realm="harbor"', [['basic', { realm: 'harbor' }]]],
  [
    'a realm alone (Artifact Registry)',
    'Bearer realm="https://europe-docker.pkg.dev/v2/token"',
    [['bearer', { realm: 'https://europe-docker.pkg.dev/v2/token' }]],
  ],
  [
    'a scope that is a word',
    'Bearer realm="https://r/token/",service="r",scope="aws"',
    [['bearer', { realm: 'https://r/token/', service: 'r', scope: 'aws' }]],
  ],
  [
    'a scope that is empty',
    'Bearer realm="https://r/token",service="r",scope=""',
    [['bearer', { realm: 'https://r/token', service: 'r', scope: '' }]],
  ],
  [
    'a service that is a URL',
    'Bearer realm="https://r/t",service="https://r/t"',
    [['bearer', { realm: 'https://r/t', service: 'https://r/t' }]],
  ],
  [
    'an error that is explained',
    'Bearer realm="r", error="invalid_token", error_description="The access token is invalid, or has expired"',
    [
      [
        'bearer',
        { realm: 'r', error: 'invalid_token', error_description: 'The access token is invalid, or has expired' },
      ],
    ],
  ],
  ['a character set', 'Basic realm="registry", charset="UTF-8"', [['basic', { realm: 'registry', charset: 'UTF-8' }]]],
  ['single quotes, which are none', "Basic realm='r'", [['basic', { realm: "'r'" }]]],
  [
    'three, the last of which can be met',
    'Negotiate, NTLM, Basic realm="proxy"',
    [
      ['negotiate', {}],
      ['ntlm', {}],
      ['basic', { realm: 'proxy' }],
    ],
  ],
];
