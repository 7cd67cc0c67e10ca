// Pointer and keyboard of a chart. Turns events into the few things a chart understands.

const DRAG_STARTS_AT = 5;

/**
 * `surface` is the focusable element over the plot. `on` has `point(x, y, event)`, `leave()`, `select(from, to)` while
 * dragging, `zoom(from, to)` when a drag ends, `reset()`, `canReset()`, `step(count)`, `edge(-1 | 1)` and `scale(factor)`.
 * Pixels are relative to the surface.
 */
export function attachInput(surface, on) {
  let dragFrom = null;
  let dragging = false;

  const offset = (event) => {
    const box = surface.getBoundingClientRect();
    return [event.clientX - box.left, event.clientY - box.top];
  };

  const endDrag = () => {
    dragFrom = null;
    dragging = false;
  };

  surface.addEventListener("pointerdown", (event) => {
    if (event.button !== 0) return;
    [dragFrom] = offset(event);
    surface.setPointerCapture(event.pointerId);
  });

  surface.addEventListener("pointermove", (event) => {
    const [x, y] = offset(event);
    dragging ||= dragFrom !== null && Math.abs(x - dragFrom) > DRAG_STARTS_AT;
    if (dragging) on.select(dragFrom, x);
    else on.point(x, y, event);
  });

  surface.addEventListener("pointerup", (event) => {
    const [x, y] = offset(event);
    if (dragging) on.zoom(dragFrom, x);
    else on.point(x, y, event);
    endDrag();
  });

  surface.addEventListener("pointercancel", () => {
    endDrag();
    on.leave();
  });
  // After a tap the tooltip stays; a finger that is lifted has not moved away.
  surface.addEventListener("pointerleave", (event) => event.pointerType !== "touch" && on.leave());
  surface.addEventListener("blur", () => on.leave());
  surface.addEventListener("dblclick", () => on.reset());

  const keys = {
    ArrowLeft: (event) => on.step(event.shiftKey ? -10 : -1),
    ArrowRight: (event) => on.step(event.shiftKey ? 10 : 1),
    Home: () => on.edge(-1),
    End: () => on.edge(1),
    "+": () => on.scale(0.5),
    "=": () => on.scale(0.5),
    "-": () => on.scale(2),
    0: () => on.reset(),
    Escape: () => on.reset(),
  };

  surface.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    // In a full-size dialog an unused Escape must close the dialog, so it is only taken when there is something to reset.
    if (event.key === "Escape" && !on.canReset()) return;
    const action = keys[event.key];
    if (!action) return;
    event.preventDefault();
    event.stopPropagation();
    action(event);
  });
}
