import { Progress as BaseProgress } from '@base-ui/react/progress'

/** How far something is that takes a while. `value` from 0 to 1; `undefined`: nobody knows. `text` says it in words. */
export function Progress({ label, value, text }: { label: string; value: number | undefined; text: string }) {
  return (
    <BaseProgress.Root
      value={value ?? null}
      max={1}
      getAriaValueText={() => text}
      className="flex flex-wrap justify-between gap-x-4 gap-y-2"
    >
      <BaseProgress.Label className="font-medium">{label}</BaseProgress.Label>
      <span aria-hidden className="text-soft tabular-nums">
        {text}
      </span>
      <BaseProgress.Track className="h-2.5 w-full overflow-hidden rounded-full bg-sunken">
        <BaseProgress.Indicator className="h-full rounded-full bg-ink transition-[width] duration-500 data-indeterminate:w-1/3 data-indeterminate:animate-pulse" />
      </BaseProgress.Track>
    </BaseProgress.Root>
  )
}
