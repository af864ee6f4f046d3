import { t } from '@lingui/core/macro';
import { useEffect, useRef } from 'preact/hooks';

const SIDE = 224;
const PEN = 18;
const STEP = 8;

/** Arrow keys move the pen, and draw while Shift is held. */
const MOVES: Readonly<Record<string, readonly [x: number, y: number]>> = {
  ArrowLeft: [-STEP, 0],
  ArrowRight: [STEP, 0],
  ArrowUp: [0, -STEP],
  ArrowDown: [0, STEP],
};

/** A square to draw on, white on black as models of digits want it; gives a PNG after each stroke. */
export function DrawPad({ onDrawn }: { onDrawn(data: Blob): void }) {
  const canvas = useRef<HTMLCanvasElement>(null);
  const pen = useRef({ x: SIDE / 2, y: SIDE / 2 });
  const clear = () => {
    const context = canvas.current?.getContext('2d');
    if (context) context.fillRect(0, 0, SIDE, SIDE);
  };
  useEffect(clear, []);
  const moveTo = (x: number, y: number, isDown: boolean) => {
    const context = canvas.current?.getContext('2d');
    if (context && isDown) {
      Object.assign(context, { strokeStyle: '#fff', lineWidth: PEN, lineCap: 'round' });
      context.beginPath();
      context.moveTo(pen.current.x, pen.current.y);
      context.lineTo(x, y);
      context.stroke();
    }
    pen.current = { x, y };
  };
  const finish = () => canvas.current?.toBlob((data) => data && onDrawn(data), 'image/png');
  const follow = (event: PointerEvent & { currentTarget: HTMLCanvasElement }, isDown: boolean) => {
    const { left, top, width, height } = event.currentTarget.getBoundingClientRect();
    const x = ((event.clientX - left) / width) * SIDE;
    const y = ((event.clientY - top) / height) * SIDE;
    moveTo(x, y, isDown);
  };
  const press = (event: KeyboardEvent) => {
    const move = MOVES[event.key];
    if (move === undefined) return;
    event.preventDefault();
    moveTo(pen.current.x + move[0], pen.current.y + move[1], event.shiftKey);
    if (event.shiftKey) finish();
  };
  return (
    <div class="draw-pad">
      <canvas
        ref={canvas}
        width={SIDE}
        height={SIDE}
        role="img"
        tabIndex={0}
        aria-label={t`A square to draw on: arrow keys move the pen, with Shift they draw`}
        onPointerDown={(event) => {
          event.currentTarget.setPointerCapture(event.pointerId);
          follow(event, false);
        }}
        onPointerMove={(event) => {
          if (event.buttons === 1) follow(event, true);
        }}
        onPointerUp={finish}
        onKeyDown={press}
        data-testid="draw-pad"
      />
      <p class="soft small">
        {t`Draw with a finger or the mouse; with the keyboard, Shift and arrows.`}
      </p>
      <button type="button" class="button button-quiet" onClick={clear}>
        {t`Clear`}
      </button>
    </div>
  );
}
