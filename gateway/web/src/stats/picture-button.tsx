/** Takes a figure's picture along, as PNG. Used by panels that draw one. */
import { Icon } from '../icon.tsx'

interface PictureButtonProps {
  /** What is taken along: "the map". */
  readonly name: string
  readonly onClick: () => Promise<void>
}

export function PictureButton({ name, onClick }: PictureButtonProps) {
  return (
    <button
      type="button"
      class="icon-button"
      aria-label={`Download ${name} as PNG`}
      title="Download PNG"
      onClick={() => void onClick()}
    >
      <Icon name="download" />
    </button>
  )
}
