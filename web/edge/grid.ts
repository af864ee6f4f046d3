import { readGrid } from '#client/grid.ts';
import { openHub } from './hub.ts';

/** Devices and verifiers online. */
export const fetchGrid = () => readGrid(openHub());
