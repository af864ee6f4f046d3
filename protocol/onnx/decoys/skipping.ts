import { dropDead } from '../dead.ts';
import type { OnnxModel, OnnxNode } from '../model.ts';
import { listResiduals } from '../residuals.ts';

/** The model without the last `count` residual blocks: each is replaced by its own input. */
export function skipResiduals(model: OnnxModel, count: number): OnnxModel {
  const { graph } = model;
  const skipped = new Map(
    listResiduals(graph)
      .slice(-count)
      .map(({ output, input }) => [output, input]),
  );
  const follow = (name: string): string => {
    let followed = name;
    for (let to = skipped.get(followed); to !== undefined; to = skipped.get(followed))
      followed = to;
    return followed;
  };
  const nodes = graph.nodes.map((node): OnnxNode => {
    const [output = ''] = node.outputs;
    const input = skipped.get(output);
    // It may be an output of the graph, so the name has to go on being made.
    if (input !== undefined) {
      return { ...node, opType: 'Identity', inputs: [follow(input)], attributes: [] };
    }
    return { ...node, inputs: node.inputs.map(follow) };
  });
  // A cheat would not compute what no output needs.
  return { ...model, graph: dropDead({ ...graph, nodes }) };
}
