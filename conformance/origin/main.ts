// A backend in a process of its own, so that it can be killed and stopped: main.ts NAME PORT. See drain/origin.ts.
import { Origin } from '../drain/origin.ts';

const [name = 'origin', port = '0'] = process.argv.slice(2);
await Origin.open(name, Number(port));
process.stdout.write('listening\n');
