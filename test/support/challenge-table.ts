/** `WWW-Authenticate` headers of real registries and proxies, and shapes that RFC 9110 allows. */

type Params = Readonly<Record<string, string>>;

/** What it is, the header, and its challenges: a scheme with its parameters, or with its credentials. */
export const challenges: readonly (readonly [string, string, readonly (readonly [string, Params | string])[]])[] = [
  [
    'Docker Hub',
    'Bearer realm="https://auth.docker.io/token",service="registry.docker.io",scope="repository:library/alpine:pull"',
    [
      [
        'bearer',
        {
          realm: 'https://auth.docker.io/token',
          service: 'registry.docker.io',
          scope: 'repository:library/alpine:pull',
        },
      ],
    ],
  ],
  [
    'Docker Hub, after a token that allows too little',
    'Bearer realm="https://auth.docker.io/token",service="registry.docker.io",scope="repository:a/b:pull,push",error="insufficient_scope"',
    [
      [
        'bearer',
        {
          realm: 'https://auth.docker.io/token',
          service: 'registry.docker.io',
          scope: 'repository:a/b:pull,push',
          error: 'insufficient_scope',
        },
      ],
    ],
  ],
  [
    'GitHub',
    'Bearer realm="https://ghcr.io/token",service="ghcr.io",scope="repository:user/image:pull"',
    [['bearer', { realm: 'https://ghcr.io/token', service: 'ghcr.io', scope: 'repository:user/image:pull' }]],
  ],
  [
    'GitLab',
    'Bearer realm="https://gitlab.com/jwt/auth",service="container_registry",scope="repository:g/p:pull",error="invalid_token"',
    [
      [
        'bearer',
        {
          realm: 'https://gitlab.com/jwt/auth',
          service: 'container_registry',
          scope: 'repository:g/p:pull',
          error: 'invalid_token',
        },
      ],
    ],
  ],
  [
    'ECR',
    'Basic realm="https://123.dkr.ecr.eu-west-1.amazonaws.com/",service="ecr.amazonaws.com"',
    [['basic', { realm: 'https://123.dkr.ecr.eu-west-1.amazonaws.com/', service: 'ecr.amazonaws.com' }]],
  ],
  [
    'Nexus',
    'BASIC realm="Sonatype Nexus Repository Manager"',
    [['basic', { realm: 'Sonatype Nexus Repository Manager' }]],
  ],
  [
    'Codeberg: two in one header',
    'Bearer realm="https://codeberg.org/v2/token",service="container_registry",scope="*",Basic realm="Gitea Container Registry"',
    [
      ['bearer', { realm: 'https://codeberg.org/v2/token', service: 'container_registry', scope: '*' }],
      ['basic', { realm: 'Gitea Container Registry' }],
    ],
  ],
  [
    'Azure: two headers, joined',
    'Bearer realm="https://x.azurecr.io/oauth2/token",service="x.azurecr.io", Basic realm="https://x.azurecr.io"',
    [
      ['bearer', { realm: 'https://x.azurecr.io/oauth2/token', service: 'x.azurecr.io' }],
      ['basic', { realm: 'https://x.azurecr.io' }],
    ],
  ],
  [
    'Negotiate before Basic',
    'Negotiate, Basic realm="r"',
    [
      ['negotiate', {}],
      ['basic', { realm: 'r' }],
    ],
  ],
  [
    'credentials in place of parameters',
    'Negotiate YIIFtg+/abc==, Basic realm="r"',
    [
      ['negotiate', 'YIIFtg+/abc=='],
      ['basic', { realm: 'r' }],
    ],
  ],
  ['a scheme alone', 'Bearer', [['bearer', {}]]],
  ['a scheme alone, and blanks', '  NTLM  ', [['ntlm', {}]]],
  ['lower case', 'bearer Realm="https://r/t",SERVICE="s"', [['bearer', { realm: 'https://r/t', service: 's' }]]],
  [
    'blanks around the equals sign',
    'Bearer realm = "https://r/t" , service= "s"',
    [['bearer', { realm: 'https://r/t', service: 's' }]],
  ],
  ['tabs', 'Bearer\trealm="https://r/t",\tservice="s"', [['bearer', { realm: 'https://r/t', service: 's' }]]],
  [
    'unquoted values',
    'Bearer realm=https://r/t?a=b,service=s',
    [['bearer', { realm: 'https://r/t?a=b', service: 's' }]],
  ],
  ['no commas', 'Bearer realm="https://r/t" service="s"', [['bearer', { realm: 'https://r/t', service: 's' }]]],
  ['commas too many', ',, Bearer realm="r",,service="s",', [['bearer', { realm: 'r', service: 's' }]]],
  [
    'commas in quotes',
    'Bearer scope="repository:a/b:pull,push repository:c:pull"',
    [['bearer', { scope: 'repository:a/b:pull,push repository:c:pull' }]],
  ],
  ['escapes in quotes', String.raw`Basic realm="a \"b\" \\ \c"`, [['basic', { realm: 'a "b" \\ c' }]]],
  ['an empty value', 'Bearer realm="r",scope="",service=', [['bearer', { realm: 'r', scope: '', service: '' }]]],
  ['an empty realm', 'Basic realm=', [['basic', { realm: '' }]]],
  ['quotes that do not end', 'Bearer realm="https://r/t', [['bearer', { realm: 'https://r/t' }]]],
  [
    'a name that stands twice',
    'Bearer realm="https://r/t",realm="https://evil/t"',
    [['bearer', { realm: 'https://r/t' }]],
  ],
  [
    'a name like any object has',
    'Bearer __proto__="x",constructor="y"',
    [
      [
        'bearer',
        Object.fromEntries([
          ['__proto__', 'x'],
          ['constructor', 'y'],
        ]),
      ],
    ],
  ],
  [
    'names with hyphens',
    'Digest realm="r", nonce="n", algorithm=SHA-256, userhash=true',
    [['digest', { realm: 'r', nonce: 'n', algorithm: 'SHA-256', userhash: 'true' }]],
  ],
  [
    'the example of the RFC',
    'Newauth realm="apps", type=1, title="Login to \\"apps\\"", Basic realm="simple"',
    [
      ['newauth', { realm: 'apps', type: '1', title: 'Login to "apps"' }],
      ['basic', { realm: 'simple' }],
    ],
  ],
  ['a comma behind the scheme', 'Bearer, realm="r"', [['bearer', { realm: 'r' }]]],
  ['nothing', '', []],
  ['blanks', ' \t ', []],
  ['commas', ', ,', []],
];
