#!/usr/bin/env node
// The program that `npm install` puts on the path: main.ts is TypeScript, so its loader comes first.
import { register } from 'tsx/esm/api';

register();
await import('./main.ts');
