const only = (name, pkg, allowedFrom) => ({
  name,
  severity: 'error',
  from: { path: '^(src|workers|config|migrations)/', pathNot: allowedFrom },
  to: { path: `(^|node_modules/)${pkg}(/|$)` },
});
const never = (name, from, to, extra = {}) => ({
  name,
  severity: 'error',
  from: { path: from, ...extra.from },
  to: { path: to, ...extra.to },
});

module.exports = {
  forbidden: [
    { name: 'no-cycles', severity: 'error', from: {}, to: { circular: true } },
    {
      name: 'no-orphans',
      severity: 'error',
      to: {},
      from: {
        orphan: true,
        path: '^(src|workers|config|migrations)/',
        pathNot: ['(^|/)index[.]ts$', '^migrations/', '[.]types[.]ts$'],
      },
    },
    never('src-knows-no-process', '^src/', '^(workers|migrations|test)/', { from: { pathNot: '^src/compose/' } }),
    never('kernel-is-a-leaf', '^src/kernel/', '^(src/(?!kernel/)|config/)'),
    never('config-is-a-leaf', '^config/', '^(src/(?!kernel/)|workers/)'),
    never('migrations-are-frozen', '^migrations/', '^(src|config|workers)/'),
    never('rules-are-pure', '^src/domain/.+[.]rules[.]ts$', '.', {
      to: {
        pathNot: [
          '^src/kernel/',
          '^config/',
          '[.](types|rules|errors)[.]ts$',
          '^(node:)?crypto$',
          'lossless-json',
          'node_modules/zod/',
        ],
      },
    }),
    never('domain-knows-no-delivery-mechanism', '^src/domain/', '^src/(http|console|compose/|main|platform|sandbox)'),
    never('slices-meet-at-their-index', '^src/domain/([^/]+)/', '^src/domain/([^/]+)/.+', {
      to: { pathNot: '^src/domain/($1/|[^/]+/index[.]ts$)' },
    }),
    never('outsiders-use-the-slice-index', '^(src/(http|console|cli)|workers)/', '^src/domain/[^/]+/(?!index[.]ts$)'),
    never('platform-implements-ports-only', '^src/platform/', '^src/(domain|http|console)/', {
      to: { pathNot: '^src/domain/.+[.]types[.]ts$' },
    }),
    never('sandbox-knows-only-meta', '^src/sandbox/', '^(src/(domain|http|console|platform|jobs)|workers|migrations)'),
    never('http-and-console-are-siblings', '^src/http/', '^src/console/'),
    only('express-only-at-the-edge', 'express', '^src/(http|console|sandbox)/'),
    only('bullmq-only-in-queue-and-workers', 'bullmq', '^(src/platform/queue|workers)/'),
    only('ioredis-only-in-redis', 'ioredis', '^src/platform/redis/'),
    only(
      'typeorm-only-where-sql-lives',
      'typeorm',
      '^(src/platform/postgres/|src/domain/.+[.](entity|store)[.]ts$|migrations/)',
    ),
    only('winston-only-in-logging', 'winston', '^src/platform/logging/'),
    only('undici-only-in-messenger', 'undici', '^src/platform/messenger/'),
    only('axios-only-in-messenger', 'axios', '^src/platform/messenger/|^src/sandbox/'),
  ],
  options: {
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.json' },
    doNotFollow: { path: 'node_modules' },
    enhancedResolveOptions: {
      exportsFields: ['exports'],
      conditionNames: ['import', 'require', 'node', 'default', 'types'],
    },
  },
};
