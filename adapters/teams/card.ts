/** The part of Adaptive Cards 1.5 that this adapter writes (adaptivecards.io/explorer). */

export type TextRun = {
  type: 'TextRun';
  text: string;
  weight?: 'bolder';
  isSubtle?: boolean;
  fontType?: 'monospace';
  size?: 'small' | 'medium';
  color?: 'good' | 'warning' | 'attention' | 'accent';
  selectAction?: { type: 'Action.OpenUrl'; url: string };
};

export type CardAction =
  | {
      type: 'Action.Execute' | 'Action.Submit';
      title: string;
      verb?: string;
      style?: 'positive' | 'destructive';
      data: Record<string, unknown>;
      fallback?: CardAction;
      associatedInputs?: 'none';
    }
  | { type: 'Action.ShowCard'; title: string; style?: 'positive' | 'destructive'; card: TeamsCard };

export type Cell = { type: 'TableCell'; items: readonly CardElement[] };

export type CardElement =
  | {
      type: 'RichTextBlock';
      inlines: readonly TextRun[];
      spacing?: 'none' | 'small' | 'default' | 'medium';
      separator?: boolean;
    }
  | {
      type: 'Table';
      columns: readonly { width: number }[];
      rows: readonly { type: 'TableRow'; cells: readonly Cell[] }[];
      firstRowAsHeaders: boolean;
      showGridLines: boolean;
      spacing?: 'small';
    }
  | { type: 'Image'; url: string; altText: string; width?: string; size?: 'stretch' }
  | { type: 'ActionSet'; actions: readonly CardAction[]; spacing?: 'small' }
  | {
      type: 'Container';
      style: 'default' | 'emphasis' | 'good' | 'warning' | 'attention' | 'accent';
      bleed: true;
      items: readonly CardElement[];
    }
  | Input;

export type Input = (
  | {
      type: 'Input.Text';
      placeholder?: string;
      maxLength?: number;
      isMultiline?: boolean;
      value?: string;
    }
  | {
      type: 'Input.ChoiceSet';
      style: 'expanded' | 'compact';
      choices: readonly { title: string; value: string }[];
      value?: string;
      wrap: true;
      placeholder?: string;
    }
  | { type: 'Input.Toggle'; title: string; wrap: true; valueOn: 'true'; valueOff: 'false'; value?: string }
) & { id: string; label?: string; isRequired?: boolean; errorMessage?: string };

export type TeamsCard = {
  type: 'AdaptiveCard';
  $schema?: string;
  version?: '1.5';
  fallbackText?: string;
  msteams?: { width: 'Full' };
  body: readonly CardElement[];
  actions?: readonly CardAction[];
  refresh?: {
    action: { type: 'Action.Execute'; title: string; verb: string; data: Record<string, unknown> };
    userIds: readonly string[];
  };
};

export const cardContentType = 'application/vnd.microsoft.card.adaptive';

export function attachment(card: TeamsCard): { contentType: typeof cardContentType; content: TeamsCard } {
  return { contentType: cardContentType, content: card };
}
