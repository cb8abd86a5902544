"""What the files of the corpus are made of: prose in many languages, rows, and the spellings of CSV and JSON Lines."""

import csv
import io
import json
from collections.abc import Iterable
from typing import Any

PROSE = {
    "german": "Die Pumpe läuft den ganzen Tag. Über Nacht füllt sich das große Becken für die Gärten und die Wäsche der Häuser.",
    "french": "L’été, où le garçon mangeait des gâteaux à la crème, s’achève déjà : voilà l’hiver, et personne n’a prévu de forêt.",
    "spanish": "El niño comió la piña mañana por la mañana; ¿quién lo vio? La señora, según dijo, está en su jardín con el pingüino.",
    "russian": "Это небольшой русский текст для проверки. Насос работает весь день, и вода поднимается на гору к старому дому.",
    "polish": "Zażółć gęślą jaźń. Pompa pracuje cały dzień, a woda płynie pod górę do domu, gdzie czekają ludzie i zwierzęta.",
    "czech": "Příliš žluťoučký kůň úpěl ďábelské ódy. Čerpadlo běží celý den a voda teče do kopce k domu, kde čekají lidé.",
    "greek": "Η αντλία δουλεύει όλη την ημέρα και το νερό ανεβαίνει στον λόφο προς το σπίτι, όπου οι άνθρωποι το περιμένουν.",
    "hebrew": "המשאבה עובדת כל היום והמים עולים במעלה הגבעה אל הבית, שם אנשים מחכים להם בשמש או בגשם במשך שעות ארוכות.",
    "arabic": "تعمل المضخة طوال اليوم وتصعد المياه إلى أعلى التل نحو البيت حيث ينتظرها الناس تحت الشمس أو المطر لساعات طويلة.",
    "japanese": "ポンプは一日中動いていて、水は丘の上の家まで上がっていきます。そこでは人々が日なたや雨の中で水を待っています。",
    "chinese": "水泵整天运转，水被送到山上的房子里，人们在阳光下或雨中等待着水。这是一个用来检查编码的小文本。",
    "taiwanese": "水泵整天運轉，水被送到山上的房子裡，人們在陽光下或雨中等待著水。這是一個用來檢查編碼的小文本。",
    "korean": "펌프는 하루 종일 돌아가고 물은 언덕 위의 집까지 올라갑니다. 그곳에서 사람들은 햇볕이나 빗속에서 물을 기다립니다.",
    "thai": "ปั๊มน้ำทำงานทั้งวันและน้ำขึ้นไปบนเนินเขาสู่บ้านหลังเก่าที่ผู้คนรออยู่",
    "ukrainian": "Насос працює весь день, і вода піднімається на гору до старого будинку, де її чекають люди й тварини; їхній ґанок.",
    "turkish": "Pompa bütün gün çalışır ve su tepedeki eve doğru çıkar; insanlar güneşte ya da yağmurda orada bekler. İğde ağacı.",
}


PAIR = {"prompt": "Why does it hum?", "completion": "Because the pump runs."}
USER = {"role": "user", "content": "Why does it hum?"}
SAID = {"role": "assistant", "content": "Because the pump runs."}
HUM = "the pump runs"


def rows(header: Iterable[str], *lines: Iterable[str], **dialect: Any) -> str:
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n", **dialect)
    writer.writerow(header)
    writer.writerows(lines)
    return out.getvalue()


def json_lines(*values: Any, **options: Any) -> bytes:
    return b"".join(json.dumps(value, **options).encode() + b"\n" for value in values)
