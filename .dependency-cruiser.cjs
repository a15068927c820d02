// The boundaries of the house: who may import whom. `npm run check:boundaries` holds them.

/** @type {import('dependency-cruiser').IConfiguration} */
module.exports = {
  forbidden: [
    {
      name: 'no-circular',
      severity: 'error',
      from: {},
      to: { circular: true, viaOnly: { dependencyTypesNot: ['type-only'] } },
    },
    {
      name: 'clock-and-events-stand-alone',
      comment: 'Everything is built on them; they are built on nothing of the project.',
      severity: 'error',
      from: { path: '^src/(clock|events)/' },
      to: { path: '^src/', pathNot: ['^src/$1/', '^src/(errors|units)\\.ts$'] },
    },
    {
      name: 'sender-does-not-know-the-simulator',
      comment: 'The sender must run unchanged against real servers.',
      severity: 'error',
      from: { path: '^src/sender/' },
      to: { path: '^src/(simulator|scenarios|reporters|cli)/' },
    },
    {
      name: 'simulator-does-not-know-the-sender',
      comment: 'Any mail server can be pointed at the fleet.',
      severity: 'error',
      from: { path: '^src/simulator/' },
      to: { path: '^src/(sender|scenarios|reporters|cli)/' },
    },
    {
      name: 'reporters-only-read',
      severity: 'error',
      from: { path: '^src/reporters/' },
      to: { path: '^src/(sender|simulator|cli)/' },
    },
    {
      name: 'nobody-imports-the-cli',
      severity: 'error',
      from: { pathNot: '^src/cli/' },
      to: { path: '^src/cli/' },
    },
    {
      name: 'no-undeclared-packages',
      severity: 'error',
      from: { path: '^src/' },
      to: { dependencyTypes: ['npm-no-pkg', 'npm-unknown', 'npm-dev'], dependencyTypesNot: ['type-only'] },
    },
    { name: 'not-resolvable', severity: 'error', from: {}, to: { couldNotResolve: true } },
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.json' },
    enhancedResolveOptions: {
      exportsFields: ['exports'],
      conditionNames: ['import', 'node', 'default', 'types'],
    },
  },
};
