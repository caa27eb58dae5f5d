/**
 * One's own lost phone, in other languages, and nothing else of them. A sentence holds one word of each kind of its language, and
 * none that turns it round. Folded, as tokens are: without accents.
 */

type Language = {
  readonly phone: RegExp;
  readonly lost: RegExp;
  readonly stolen: RegExp;
  /** The speaker's own. Where nobody is named it may be left out. */
  readonly other: RegExp;
  /** Not, never, found again, if. */
  readonly turned: RegExp;
};

const languages: readonly Language[] = [
  {
    phone: /\b(\w*handy|telefon|mobiltelefon|diensthandy|smartphone|iphone|tablet|ipad)\b/,
    lost: /\b(verloren|verlegt|weg|verschwunden|finde\b.*\bnicht|liegt noch im (taxi|zug|bus)|liegen ?(ge)?lassen|stehen ?(ge)?lassen|vergessen|fallen ?(ge)?lassen|aus der hand gefallen|abhanden)\b/,
    stolen: /\b(gestohlen|geklaut|geraubt|entwendet|abgezogen|stibitzt)\b/,
    other: /\b(sein|ihr|seine|ihre|dessen)\b/,
    turned:
      /\b(kein\w*|nie|zu hause|zuhause|daheim|buro|schreibtisch|pin|ladekabel|akku|wenn|falls|wieder|gefunden|nicht (verloren|gestohlen|geklaut|weg))\b/,
  },
  {
    phone: /\b(telephone|portable|mobile|smartphone|iphone|tablette|ipad)\b/,
    lost: /\b(perdu|egare|(ne )?(trouve|retrouve) (plus|pas)|(oublie|laisse)\b.*\b(taxi|train|bus|metro|avion|restaurant|hotel|tram|gare|bar|cafe|aeroport))\b/,
    stolen: /\b(vole|derobe|pique|arrache)\b/,
    other: /\b(son|leur|sa|collegue)\b/,
    turned: /\b(pas perdu|pas vole|jamais|si|retrouve mon|ai retrouve|trouve mon|pas ete)\b/,
  },
  {
    phone: /\b(telefono|movil|celular|smartphone|iphone|tableta|ipad)\b/,
    lost: /\b(perdido|perdi|extraviado|extravie|no encuentro|se me perdio|(dejado|deje|olvidado|olvide)\b.*\b(taxi|tren|bus|autobus|metro|avion|restaurante|hotel|bar|aeropuerto))\b/,
    stolen: /\b(robado|robaron|hurtado|hurtaron|quitado)\b/,
    other: /\b(su|sus|companero)\b/,
    turned: /\b(no (he perdido|perdi|me han)|nunca|si|encontrado|encontre)\b/,
  },
  {
    phone: /\b(telefono|cellulare|telefonino|smartphone|iphone|tablet|ipad)\b/,
    lost: /\b(ho perso|perso|smarrito|non trovo|(dimenticato|lasciato)\b.*\b(taxi|treno|bus|autobus|metro|aereo|ristorante|hotel|bar|aeroporto))\b/,
    stolen: /\b(rubato|rubarono|scippato)\b/,
    other: /\b(suo|sua|loro|collega)\b/,
    turned: /\b(non ho perso|non mi hanno|mai|se|ritrovato|trovato)\b/,
  },
  {
    phone: /\b(telefoon|mobiel|mobieltje|gsm|smartphone|iphone|tablet|ipad)\b/,
    lost: /\b(kwijt|kwijtgeraakt|verloren|niet vinden|(laten liggen|vergeten)\b.*\b(taxi|trein|bus|tram|metro|vliegtuig|restaurant|hotel|kroeg)|(taxi|trein|bus|tram|metro|vliegtuig|restaurant|hotel|kroeg)\b.*\b(laten liggen|vergeten)|kan\b.*\bniet (vinden|terugvinden))\b/,
    stolen: /\b(gestolen|gejat|beroofd)\b/,
    other: /\b(zijn telefoon|haar|hun|collega)\b/,
    turned: /\b(niet (kwijt|verloren|gestolen)|nooit|als|gevonden|terug)\b/,
  },
  {
    phone: /\b(telefon\w*|komork\w*|smartfon\w*|iphone\w*|tablet\w*)\b/,
    lost: /\b(zgubilem|zgubilam|zgubiony|zgubiono|zginal|moge znalezc|(zostawilem|zostawilam)\b.*\b(taksowce|pociagu|autobusie|tramwaju|metrze|samolocie|restauracji|hotelu))\b/,
    stolen: /\b(ukradli|ukradl|ukradziono|skradziono|skradli|ukradziony)\b/,
    other: /\b(jego|jej|ich|kolega|kolegi)\b/,
    turned: /\b(nie (zgubilem|zgubilam|ukradli|ukradl|zginal)|nigdy|jesli|znalazlem|znalazlam)\b/,
  },
];

/** undefined: not said, or not one's own. `text` is folded. Letters that have no accent to take off are written plainly first. */
export function ownLossAbroad(text: string): 'lost' | 'stolen' | undefined {
  const plain = text.replaceAll('ł', 'l').replaceAll('ß', 'ss').replaceAll("'", ' ');
  for (const { phone, lost, stolen, other, turned } of languages) {
    if (!phone.test(plain) || other.test(plain) || turned.test(plain)) continue;
    if (stolen.test(plain)) return 'stolen';
    if (lost.test(plain)) return 'lost';
  }
  return undefined;
}
