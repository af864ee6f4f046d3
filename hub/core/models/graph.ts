import {
  nameOnnxType,
  type OnnxGraph,
  type OnnxNode,
  type OnnxSparseTensor,
  type OnnxTensor,
} from '#protocol/onnx/model.ts';
import { decodeScalarInt } from '#protocol/onnx/tensor.ts';
import { type Refusal, refusal } from '#protocol/values/refusal.ts';
import { checkOperator, nameOperator } from './operators.ts';

/** Most rounds of a loop, those of the loops around it multiplied in. */
export const LOOP_TRIPS_MAX = 65_536;

/** What a walk over a graph and all graphs inside it finds. */
export interface GraphSurvey {
  /** Bytes of all constants, as a runtime holds them. */
  weightBytes: number;
  operators: Set<string>;
  /** Whether a loop has no constant count of rounds: it is to be bounded at `LOOP_TRIPS_MAX`. */
  openLoops: boolean;
  /** The first rule broken. */
  refusal?: Refusal;
}

/** Names whose value is a known integer, and names that are something else, by scope. */
interface Scope {
  integers: Map<string, number | undefined>;
  outer?: Scope;
  /** Rounds of the loops around this graph. */
  trips: number;
}

/** Walks a graph with its subgraphs and stops at the first broken rule. */
export function surveyGraph(graph: OnnxGraph): GraphSurvey {
  const survey: GraphSurvey = { weightBytes: 0, operators: new Set(), openLoops: false };
  surveyScope(graph, { integers: new Map(), trips: 1 }, survey);
  return survey;
}

function surveyScope(graph: OnnxGraph, scope: Scope, survey: GraphSurvey): void {
  for (const { name } of graph.inputs) scope.integers.set(name, undefined);
  for (const tensor of graph.initializers) {
    surveyTensor(tensor, survey);
    scope.integers.set(tensor.name, decodeScalarInt(tensor));
  }
  for (const sparse of graph.sparseInitializers) {
    surveySparse(sparse, survey);
    if (sparse.values !== undefined) scope.integers.set(sparse.values.name, undefined);
  }
  for (const node of graph.nodes) {
    const constant = node.opType === 'Constant' ? readConstant(node) : undefined;
    for (const output of node.outputs) scope.integers.set(output, constant);
  }
  for (const node of graph.nodes) {
    if (survey.refusal !== undefined) return;
    surveyNode(node, scope, survey);
  }
}

function readConstant({ attributes }: OnnxNode): number | undefined {
  for (const { name, tensor, int } of attributes) {
    if (name === 'value' && tensor !== undefined) return decodeScalarInt(tensor);
    if (name === 'value_int') return int;
  }
  return undefined;
}

function lookUp(name: string, scope: Scope): number | undefined {
  for (let at: Scope | undefined = scope; at !== undefined; at = at.outer) {
    if (at.integers.has(name)) return at.integers.get(name);
  }
  return undefined;
}

function surveyNode(node: OnnxNode, scope: Scope, survey: GraphSurvey): void {
  const operator = nameOperator(node);
  survey.operators.add(operator);
  const problem = judgeOperator(node, operator);
  if (problem !== undefined) {
    survey.refusal ??= problem;
    return;
  }
  let trips = scope.trips;
  if (node.opType === 'Loop') {
    const rounds = lookUp(node.inputs[0] ?? '', scope);
    survey.openLoops ||= rounds === undefined;
    trips *= Math.max(1, rounds ?? LOOP_TRIPS_MAX);
    if (trips > LOOP_TRIPS_MAX) {
      survey.refusal ??= refuseLoop(node, rounds);
      return;
    }
  }
  for (const { tensor, tensors, sparseTensor, sparseTensors, graph, graphs } of node.attributes) {
    for (const each of [...(tensors ?? []), tensor ?? []].flat()) surveyTensor(each, survey);
    for (const each of [...(sparseTensors ?? []), sparseTensor ?? []].flat()) {
      surveySparse(each, survey);
    }
    for (const each of [...(graphs ?? []), graph ?? []].flat()) {
      surveyScope(each, { integers: new Map(), outer: scope, trips }, survey);
    }
  }
}

function judgeOperator(node: OnnxNode, operator: string): Refusal | undefined {
  switch (checkOperator(node)) {
    case 'known':
      return undefined;
    case 'domain-unknown':
      return refusal(
        'model-operator-domain',
        `Node "${node.name}" uses ${operator}, an operator of the domain "${node.domain}"; phones run only ai.onnx, ai.onnx.ml and known com.microsoft operators. Export without custom operators.`,
        operator,
      );
    case 'operator-unknown':
      return refusal(
        'model-operator-domain',
        `Node "${node.name}" uses ${operator}, which is not among the com.microsoft operators we know to be safe. Export with standard ONNX operators instead.`,
        operator,
      );
    case 'random':
      return refusal(
        'model-outputs-unsupported',
        `Node "${node.name}" (${operator}) draws random numbers, so two devices never agree and nothing can be checked. Draw them yourself and pass them as an input.`,
        operator,
      );
  }
}

function refuseLoop(node: OnnxNode, rounds: number | undefined): Refusal {
  const found = rounds === undefined ? 'has no constant trip count' : `runs ${rounds} rounds`;
  return refusal(
    'model-unbounded-loop',
    `Loop "${node.name}" ${found}, with the loops around it more than ${LOOP_TRIPS_MAX}; a phone runs only bounded work. Give Loop a constant first input, unroll it, or use Scan.`,
    node.name,
  );
}

function surveySparse({ values, indices }: OnnxSparseTensor, survey: GraphSurvey): void {
  if (values !== undefined) surveyTensor(values, survey);
  if (indices !== undefined) surveyTensor(indices, survey);
}

/** Bits of an element by TensorProto.DataType; types of sizes we are not sure of are left out. */
const ELEMENT_BITS: Readonly<Record<number, number>> = {
  1: 32,
  2: 8,
  3: 8,
  4: 16,
  5: 16,
  6: 32,
  7: 64,
  9: 8,
  10: 16,
  11: 64,
  12: 32,
  13: 64,
  14: 64,
  15: 128,
  16: 16,
  17: 8,
  18: 8,
  19: 8,
  20: 8,
  21: 4,
  22: 4,
};

function surveyTensor(tensor: OnnxTensor, survey: GraphSurvey): void {
  const { name, dims, dataType, data, storage, external } = tensor;
  if (external !== undefined) {
    survey.refusal ??= refusal(
      'model-external-data',
      `Tensor "${name}" keeps its data in another file ("${external.location}"). Send that file as well, as a second \`model\`, or merge them: onnx.save_model(onnx.load("model.onnx"), "merged.onnx", save_as_external_data=False).`,
      name,
    );
    return;
  }
  const bits = ELEMENT_BITS[dataType];
  if (bits === undefined) {
    survey.weightBytes += data.length;
    return;
  }
  const elements = dims.reduce((product, dimension) => product * dimension, 1);
  const expected = Math.ceil((elements * bits) / 8);
  // A varint is a byte at least, so no storage holds fewer bytes than elements.
  const stored = storage === 'raw' ? data.length === expected : data.length * 8 >= elements * 4;
  if (stored) {
    survey.weightBytes += expected;
    return;
  }
  survey.refusal ??= refusal(
    'model-truncated',
    `Tensor "${name}" (${nameOnnxType(dataType)} [${dims.join(', ')}]) should hold ${expected} bytes and holds ${data.length}. Export the model again and upload the complete file.`,
    name,
  );
}
