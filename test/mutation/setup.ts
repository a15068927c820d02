// The table of causes is made once and then serves every test of a worker. Made here, what makes it is held
// against all of them, and not only against the one that happens to need it first.

import { shippedCauses } from '../../src/sender/shipped-causes.js';

shippedCauses();
