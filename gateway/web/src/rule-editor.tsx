/**
 * Redirect rules of a link: added, put in order, taken away. Used by the link's settings.
 */
import { useId, useRef } from 'preact/hooks'
import { EMPTY_RULE, ruleDrafts, ruleText, type RuleDraft } from './rule-draft.ts'
import { TextField } from './text-field.tsx'

interface RuleEditorProps {
  /** As a link's draft has them. */
  readonly value: string
  readonly error: string | undefined
  readonly onInput: (value: string) => void
}

export function RuleEditor({ value, error, onInput }: RuleEditorProps) {
  const rules = ruleDrafts(value)
  const addRef = useRef<HTMLButtonElement>(null)
  const set = (changed: readonly RuleDraft[]) => onInput(ruleText(changed))
  const swap = (at: number, other: number) => {
    set(
      rules.map((rule, index) =>
        index === at ? rules[other]! : index === other ? rules[at]! : rule,
      ),
    )
  }
  return (
    <fieldset class="rules">
      <legend>Redirect rules</legend>
      <p class="field-hint">
        The first rule that holds decides where a visitor goes; without one, the address above.
      </p>
      {error !== undefined && (
        <p class="field-error" role="alert">
          {error}
        </p>
      )}
      {rules.map((rule, index) => (
        <RuleFields
          key={index}
          rule={rule}
          number={index + 1}
          isLast={index === rules.length - 1}
          onChange={(changed) => set(rules.with(index, changed))}
          onUp={() => swap(index, index - 1)}
          onDown={() => swap(index, index + 1)}
          onRemove={() => {
            set(rules.toSpliced(index, 1))
            addRef.current?.focus()
          }}
        />
      ))}
      <button ref={addRef} type="button" class="button" onClick={() => set([...rules, EMPTY_RULE])}>
        Add a rule
      </button>
    </fieldset>
  )
}

interface RuleFieldsProps {
  readonly rule: RuleDraft
  readonly number: number
  readonly isLast: boolean
  readonly onChange: (rule: RuleDraft) => void
  readonly onUp: () => void
  readonly onDown: () => void
  readonly onRemove: () => void
}

const PLAIN = { autocapitalize: 'none', spellcheck: false } as const
const TIME = { type: 'datetime-local' } as const

function RuleFields({ rule, number, isLast, onChange, onUp, onDown, onRemove }: RuleFieldsProps) {
  const field = (name: keyof RuleDraft) => ({
    value: rule[name],
    onInput: (text: string) => onChange({ ...rule, [name]: text }),
  })
  return (
    <fieldset class="rule">
      <legend>Rule {number}</legend>
      <Targets {...field('targets')} />
      <div class="field-grid">
        <TextField
          label="Devices"
          hint="desktop, mobile, tablet, ios, android, windows, macos …"
          input={PLAIN}
          {...field('devices')}
        />
        <TextField label="Languages" hint="de, pt-BR …" input={PLAIN} {...field('languages')} />
        <TextField label="Countries" hint="DE, AT …" input={PLAIN} {...field('countries')} />
        <TextField label="From" input={TIME} {...field('from')} />
        <TextField label="Until" input={TIME} {...field('to')} />
      </div>
      <div class="rule-actions">
        <MoveButton text="Up" number={number} isOff={number === 1} onClick={onUp} />
        <MoveButton text="Down" number={number} isOff={isLast} onClick={onDown} />
        <MoveButton text="Remove" number={number} isOff={false} onClick={onRemove} />
      </div>
    </fieldset>
  )
}

interface MoveButtonProps {
  readonly text: string
  readonly number: number
  readonly isOff: boolean
  readonly onClick: () => void
}

function MoveButton({ text, number, isOff, onClick }: MoveButtonProps) {
  return (
    <button type="button" class="button" disabled={isOff} onClick={onClick}>
      {text}
      <span class="visually-hidden"> rule {number}</span>
    </button>
  )
}

function Targets({ value, onInput }: { value: string; onInput: (value: string) => void }) {
  const id = useId()
  return (
    <div class="field">
      <label for={id}>Leads to</label>
      <textarea
        id={id}
        rows={2}
        value={value}
        onInput={(event) => onInput(event.currentTarget.value)}
        aria-describedby={`${id}-hint`}
        {...PLAIN}
      />
      <p class="field-hint" id={`${id}-hint`}>
        One address, or several, one a line, each with its weight in front: 70 https://example.com
      </p>
    </div>
  )
}
