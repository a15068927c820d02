// The floors of the house: `npm run check:boundaries` holds them. A folder of src/ (a room) may import
// the floors below its own, and nothing else: neither a floor above nor another room of its own floor.
// Imports of types count like any other.

const FLOORS = [
  ['base'],
  ['clock', 'events', 'documents'],
  ['policy', 'simulator', 'results'],
  ['sender', 'reporters'],
  ['scenarios', 'web'],
  ['judge'],
  ['runner', 'live'],
  ['suite'],
  ['studies', 'imports'],
  ['testing'],
  ['index'],
  ['cli'],
];

/** Pairs that the floors would allow and that stay apart all the same. */
const APART = [['sender', 'simulator', 'The sender must run unchanged against real servers.']];

/** Pattern of the files of rooms; `index` is the file src/index.ts. */
const filesOf = (rooms) => `^src/(${rooms.join('|')})(/|\\.ts$)`;

const floors = FLOORS.flatMap((rooms, floor) =>
  rooms.map((room) => ({
    name: `floor-of-${room}`,
    comment: `${room} is on floor ${floor + 1}: it may import only the floors below.`,
    severity: 'error',
    from: { path: filesOf([room]) },
    to: { path: '^src/', pathNot: filesOf([room, ...FLOORS.slice(0, floor).flat()]) },
  })),
);

const apart = APART.map(([room, other, comment]) => ({
  name: `${room}-does-not-know-${other}`,
  comment,
  severity: 'error',
  from: { path: filesOf([room]) },
  to: { path: filesOf([other]) },
}));

/** @type {import('dependency-cruiser').IConfiguration} */
module.exports = {
  forbidden: [
    ...floors,
    ...apart,
    {
      name: 'every-file-has-a-floor',
      comment: 'A new folder of src/ is added to FLOORS in .dependency-cruiser.cjs.',
      severity: 'error',
      from: { path: '^src/', pathNot: filesOf(FLOORS.flat()) },
      to: {},
    },
    {
      name: 'no-circular',
      severity: 'error',
      from: {},
      to: { circular: true },
    },
    {
      name: 'no-undeclared-packages',
      severity: 'error',
      from: { path: '^src/' },
      to: {
        dependencyTypes: ['npm-no-pkg', 'npm-unknown', 'npm-dev'],
        dependencyTypesNot: ['type-only', 'npm-peer'],
      },
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
