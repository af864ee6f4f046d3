import { expect, test } from 'vitest';
import { hardwareOf, hasProvider } from './provider.ts';

test('a list that says webnn names each kind of it, and one that names a kind no other', () => {
  expect(hasProvider(['wasm', 'webnn'], 'webnn-npu')).toBe(true);
  expect(hasProvider(['webnn-npu'], 'webnn-npu')).toBe(true);
  expect(hasProvider(['webnn-npu'], 'webnn-gpu')).toBe(false);
  expect(hasProvider(['webgpu'], 'webnn-gpu')).toBe(false);
});

test('results of an NPU are of another class than those of a GPU by WebNN or of a processor', () => {
  const adapter = 'qualcomm adreno-7xx';
  expect(hardwareOf('webnn-npu', adapter)).toBe('npu');
  expect(hardwareOf('webnn-gpu', adapter)).toBe(adapter);
  expect(hardwareOf('webnn-cpu', adapter)).toBe('cpu');
  expect(hardwareOf('webgpu', '')).toBe('unknown');
});
