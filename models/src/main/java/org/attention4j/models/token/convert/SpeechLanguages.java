package org.attention4j.models.token.convert;

import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;

/** Whisper's languages: their codes, and their English names. */
final class SpeechLanguages {
  private static final String ALL =
      """
      en english, zh chinese/mandarin, de german, es spanish/castilian, ru russian, ko korean,
      fr french, ja japanese, pt portuguese, tr turkish, pl polish, ca catalan/valencian,
      nl dutch/flemish, ar arabic, sv swedish, it italian, id indonesian, hi hindi, fi finnish,
      vi vietnamese, he hebrew, uk ukrainian, el greek, ms malay, cs czech,
      ro romanian/moldavian/moldovan, da danish, hu hungarian, ta tamil, no norwegian, th thai,
      ur urdu, hr croatian, bg bulgarian, lt lithuanian, la latin, mi maori, ml malayalam,
      cy welsh, sk slovak, te telugu, fa persian, lv latvian, bn bengali, sr serbian,
      az azerbaijani, sl slovenian, kn kannada, et estonian, mk macedonian, br breton,
      eu basque, is icelandic, hy armenian, ne nepali, mn mongolian, bs bosnian, kk kazakh,
      sq albanian, sw swahili, gl galician, mr marathi, pa punjabi/panjabi,
      si sinhala/sinhalese, km khmer, sn shona, yo yoruba, so somali, af afrikaans, oc occitan,
      ka georgian, be belarusian, tg tajik, sd sindhi, gu gujarati, am amharic, yi yiddish,
      lo lao, uz uzbek, fo faroese, ht haitian creole/haitian, ps pashto/pushto, tk turkmen,
      nn nynorsk, mt maltese, sa sanskrit, lb luxembourgish/letzeburgesch, my myanmar/burmese,
      bo tibetan, tl tagalog, mg malagasy, as assamese, tt tatar, haw hawaiian, ln lingala,
      ha hausa, ba bashkir, jw javanese, su sundanese, yue cantonese
      """;

  private static final Map<String, String> CODES = codes();

  private SpeechLanguages() {}

  private static Map<String, String> codes() {
    Map<String, String> codes = new LinkedHashMap<>();
    for (String language : ALL.strip().split(",\\s+", -1)) {
      int end = language.indexOf(' ');
      String code = language.substring(0, end);
      codes.put(code, code);
      for (String name : language.substring(end + 1).split("/", -1)) {
        codes.put(name, code);
      }
    }
    return codes;
  }

  /** The token of a language by its code or a name of it, as in {@code <|es|>}; empty for none. */
  static String token(String language) {
    String code = CODES.get(language.toLowerCase(Locale.ROOT));
    return code == null ? "" : "<|" + code + "|>";
  }
}
