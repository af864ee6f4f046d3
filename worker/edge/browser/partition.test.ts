import { expect, test, vi } from 'vitest';
import { hearPartition, readPartition } from './partition.ts';

/** As onnxruntime-web 1.30.0 writes it, for the sample's model on a context that can do nothing. */
const NOTHING =
  '2026-11-30 21:16:24.301280 [I:onnxruntime:, webnn_execution_provider.cc:158 GetCapability] WebNNExecutionProvider::GetCapability, number of partitions supported by WebNN: 0 number of nodes in the graph: 9 number of nodes supported by WebNN: 0';
const INSIDE = NOTHING.replace(': 0', ': 2').replace(/0$/, '7');

test('the runtime’s line says how much of a graph WebNN takes', () => {
  expect(readPartition(NOTHING)).toEqual({ nodes: 9, taken: 0, parts: 0 });
  expect(readPartition(INSIDE)).toEqual({ nodes: 9, taken: 7, parts: 2 });
  expect(readPartition('Initializing session.')).toBeUndefined();
});

test('what is heard while a model loads is added up, and the console is as before', () => {
  const written = vi.spyOn(globalThis.console, 'error').mockImplementation(() => undefined);
  const before = globalThis.console.error;
  const heard = hearPartition();
  globalThis.console.error(NOTHING);
  globalThis.console.error('Initializing session.');
  globalThis.console.error(INSIDE);
  expect(heard()).toEqual({ nodes: 18, taken: 7, parts: 2 });
  expect(globalThis.console.error).toBe(before);
  expect(written).not.toHaveBeenCalled();
  expect(hearPartition()()).toBeUndefined();
  written.mockRestore();
});
