"""The words the profiler listens for, in the languages it knows: data, no logic.

Each entry is a whole lower-case word. `stem*` also matches what begins with it; a stem has six letters, so that one
dictionary look-up of a word's first six finds it. Two words joined by `_` must stand side by side. Scripts written
without spaces have their own lists, searched as plain substrings.
"""

from __future__ import annotations

from typing import Final

UNSPACED: Final = frozenset(("zh", "ja", "ko"))
"""Languages whose words are searched as substrings (Korean spaces its words, but glues its particles to them)."""

TASK_CUES: Final[dict[str, str]] = {
    "classify": """
        classi* catego* label labels labelled tag triage route bucket sentiment spam intent moderate belongs belong
        positive negative neutral toxic which_category which_label which_queue one_of is_this triage_level rate ordne
        zuordn* kategorie stimmung einord* classe classer catégorie clasif* etiqueta sentimiento categoría
        classificare categoria sentimento classificeer categorie przypisz kategoria nastrój sklasy* опреде* катего*
        класси* тональ* визнач* класиф* kategori sınıfl* duygu صنّف صنف वर्गीकृत intents priority_or low_medium
        say_whether whether_it it_is offensive hateful sort sorted assign_a assign_one either yes_or true_or fake
        phishing urgent urgency severity genre topic topics tone polarity relevant irrelevant good_or bad_or spam_or
        einstu* bewert* dringlichkeit klassi* gehört_zu type_de priorité ton prioridad urgente baixa alta tono
        etichetta urgentie prioriteit pilne priorytet срочно срочн тип_обр öncelik
    """,
    "extract": """
        extrac* pull parse list_all list_every find_all find_every all_names all_dates fields keys identify key_value
        key-value return_them figures entities mentioned extrah* auslesen extrai* extraire relève extrae extraer saca
        estrai estrarre haal_uit wyciąg* wypisz wyodrę* извлек* выпиши витягни випиши çıkar ayıkla استخرج निकालें
        structured list_of get_the get_all names dates amounts addresses phone_numbers just_the only_the according_to
        mentioned_in columns column fill_in fill_the table_with tabular in_json as_json json_only as_csv
        comma_separated which_people which_companies collect gather named_entities ner properties attributes auflisten
        liste_alle nenne_alle felder tabelle liste_de relève_tous tous_les toutes_les cités liste todas_las todos_los
        enumera lista_de elenca tutti_i tutte_le alle_namen noem_alle wymień перечи* список все_им tüm listele
        which_parties hashtag hashtags kommen_in output_as every
    """,
    "summarise": """
        summar* summary tl tldr tl_dr condense recap digest gist overview abstract key_points main_points
        key_takeaways takeaways executive_summary main_findings shorten zusamm* fasse kurzfa* résume résumer résumé
        resume resumir resumen resumo resuma riassu* sintesi sintet* samenv* vat_dit vat_de podsum* streść stresz*
        кратко резюми* подыто* сумари* стисло özetle özet لخص सारांश boil_down boil_the sum_up wrap_up brief_version
        short_version in_short in_brief nutshell main_ideas main_idea main_takeaways highlights key_facts
        bullet_points bullets synopsis minutes catch_me what_happened kernaussagen überblick stichpunkte knapp en_bref
        grandes_lignes points_clés en_resumen puntos_clave em_resumo pontos_principais in_breve punti_chiave
        hoofdpunten w_skrócie главное основные_мысли основні_думки ana_ha*
    """,
    "translate": """
        transl* into_french into_german into_spanish into_english into_polish into_italian in_japanese in_german
        in_french in_spanish in_italian you_say render überse* übertr* auf_spanisch auf_englisch auf_französisch
        ins_englische heißt_auf traduc* tradui* traduz* traduz vertaal vertal* przetł* tłumac* переве* перево* перекл*
        çevir çeviri tercüme ترجم ترجمة अनुवाद put_into say_in put_this interpret localize localise subtitle subtitles
        verto
    """,
    "code": """
        python javascript typescript java rust golang kotlin swift php ruby sql bash regex html css react node django
        flask express api endpoint function class method script query refactor refact* bug debug unit_tests unit_test
        implement compile compil* traceback exception stacktrace typeerror async thread mutex pull_request diff repo
        repository codebase linter dockerfile kubernetes component middleware code pytest c++ c# null pointer variable
        loop array dataframe pandas commit git funktion abfrage sql-abfrage programm skript fonction función funzione
        functie funkcja функци* скрипт код işlev fonksiyon कोड postgres redis sqlite toggle cache one_liner hook hooks
        migration docker container containers helm terraform ansible aws lambda nginx webpack vite npm yarn pip cargo
        maven gradle cmake makefile jupyter notebook numpy tensorflow pytorch spring rails laravel vue svelte angular
        nextjs next.js tailwind graphql grpc rest websocket oauth jwt cors http https curl ssh cron ci pipeline
        test_case mock fixture stack_trace segfault stack_overflow deadlock race_condition memory_leak recursion
        recursive algorithm data_structure linked_list binary_tree hash_map dictionary tuple closure decorator
        generator iterator interface enum struct generics template macro syntax runtime_error exit_code exits console
        terminal command_line cli shell powershell vba excel_formula formula_in spreadsheet selector button sidebar
        modal form page responsive local_storage cookie session table_users index join foreign_key orm
        expresión_regular expression_régulière espressione_regolare regulären_ausdruck klasse methode fehler_im código
        classe método codice kod kodu код_на функцию функція скрипта метод класс програ* optimize optimise vectorize
        unit integration_tests build fails compiler lint typed types annotate docstring comment_this engineer
        developer programmer coding software função mysql postgresql mongodb port
    """,
    "plan": """
        a_plan plan_our plan_the plan_an plan_out plan_how plan_your plan_this plan_to detailed_plan migration_plan
        rollout_plan plans_for planning roadmap milest* itinerary
        schedule timeline phases strategy project_plan break_down
        break_this decomp* subtasks outline lay_out draw_up step_plan study_plan training_plan dependencies budget
        plane planung projek* meilen* fahrplan planifie planif* planes plan_de cronog* pianifica piano programma
        stappenplan zaplanuj harmon* сплани* план заплан* planla planı خطة योजना stages rollout roll_out put_together
        owners prioritize prioritise prioritised checklist agenda week_by week-by-week day_by day-by-day weekly
        plan_for plan_my plan_a action_items action_plan next_steps go-to-market launch_plan kickoff sprint backlog
        gantt workstream deliverables organise organize prepare_a meal_plan workout curriculum syllabus trip
        wochenplan ablauf organi* vorber* trainingsplan reiseplan programme_de feuille_de étapes plan_para organiza
        rutina etapas roteiro planejar planeje planej* organizzare tappe planning_voor organiseer weekschema plan_na
        harmonogram органи* план_на план_по розклад takvim program_yap haftalık steps deadlines responsible programme
        programa preparation
    """,
    "reason": """
        prove proof derive deduce infer justify argue analyse analyze evaluate compare trade-off tradeoff trade_off
        trade_offs tradeoffs conclude logic logically puzzle step_by show_that show_your calculate compute solve
        determine why_do explain_why work_out work_through differential_diagnosis which_is pros_and argue_both
        assumption if_all show_there demonstrate given_a beweise begrün* schritt_für berechne vergleiche analys*
        herlei* démont* prouve justif* calcule raison* demues* razona* razona calcula números_primos paso_del dimostra
        spiega bewijs bereken udowod* oblicz uzasad* докажи доказать вычисли обоснуй доведи обґрун* kanıtla hesapla
        أثبت احسب सिद्ध weigh versus vs better_off should_we should_i which_should what_would what_if would_happen
        suppose given_that reason reasoning think_through carefully riddle paradox probability probabilities odds
        expected_value how_likely minimum_number maximum_number how_fast optimal optimum next_to each_other row_of
        contradiction hypothesis counterexample converge diverge integral derivative equation inequality theorem lemma
        corollary implies consequences implication root_cause diagnose causes hedge evaluate_whether assess critique
        critically argument counterargument strengths_and advantages_and pros contras vor_und nachteile abwägen abwäg
        folgt wahrsc* avantages inconvénients évalue évaluer probab* ventajas evalúa probabilidad vantagens avalie
        vantaggi valuta voor_en nadelen beoordeel waarsc* wady oceń prawdo* сравни сравнить вероят* доказа* порівняй
        ймовір* karşıl* olasılık cons recommend older younger taller marbles dice drawn replacement
    """,
    "create": """
        poem haiku limerick story stories tale song lyrics slogan slogans tagline taglines names_for name_for brains*
        compose toast joke screenplay dialogue novel essay creative imagine rhyme verse product_description blog
        advert copy_for funny playful catchy letter_to draft gedicht geschi* erzähl* reim histoire poème conte invente
        chanson poema cuento historia canción racconto poesia storia verhaal opowia* wiersz стих стихот* рассказ
        сказку вірш оповід* hikaye şiir قصيدة قصة कविता कहानी rewrite rephrase reword paraphrase polish proofread
        improve witty caption captions headline headlines tweet post invitation greeting birthday card speech
        monologue script_for scene character characters plot fantasy fairy bedtime rap sonnet ballad stanza metaphor
        nickname brand_name names_of name_ideas ideas_for ideas pitch ad_copy newsletter cover_letter bio about_page
        love_letter apology persuasive story_about poem_about song_about make_up umform* rede einladung märchen witz
        spruch name_für réécris reform* discours invitation_à slogan_pour blague nom_pour reescribe discurso
        invitación chiste eslogan nombres_para reescreva escreva convite piada história riscrivi discorso invito
        barzelletta slogan_per hersch* toespraak uitnodiging grap gedicht_over przepisz przemowa zaproszenie żart
        перепиши речь поздра* шутк перепи* тост привіт* жарт yeniden_yaz davet espri make_this sound sounds friendlier
        title titles suggest shorter letra riff
    """,
    "write": """
        write draft compose give_me come_up make_me create_a craft schreib schreibe verfasse entwirf écris rédige
        donne-moi escribe redacta dame escreva redija scrivi dammi schrijf maak_een napisz stwórz напиши составь
        придумай придумати склади yaz yazın اكتب लिखें लिखो लिखिए
    """,
    "format": """
        json yaml xml csv table tabelle tableau tabla tabella tabel tabelę таблицу таблицю jsonl key-value
    """,
    "span": """
        week weeks month months quarter year days day wochen woche monate monat semaines semaine mois semanas semana
        meses settimane mesi weken maanden tygodni miesięcy недель недели месяцев тижнів місяців hafta ay
    """,
    "material": """
        text texts post message paragraph article email document letter transcript note notes below following above
        passage review report complaint ticket headline headlines ad page excerpt minutes log texte message suivant
        suivante ci-dessous texto siguiente mensaje correo abaixo seguinte testo seguente messaggio tekst bericht
        volgende folgenden folgende folgender nachricht protokoll poniższego tekstu poniższy текст текста тексту
        сообщение повідомлення следующий следующего metni aşağıdaki
    """,
    "self": """
        i me my myself i_m mein meine meinem mir ich mich je mon ma mes moi yo mi mis io mio mia eu meu minha ik mijn
        mij ja mój moja mnie я мой моя меня мне мене мій ben benim
    """,
    "act": """
        book order cancel send email schedule turn set update delete remove create add open close run execute fetch
        refund invite assign call remind notify post upload download search find look_up check get buy pay move
        reschedule play start stop restart deploy weather right_now erstelle sende schicke buche storniere weise
        lösche suche öffne réserve envoie crée annule supprime cherche envía crea reserva cancela busca borra invia
        prenota cerca verstuur boek maak wyślij zarezerwuj utwórz usuń отправь создай забронируй удали надішли створи
        gönder oluştur أرسل احجز भेजें let_him let_her let_them know tell_him tell_her open_an message text ring dial
        charge subscribe unsubscribe enable disable set_up turn_on turn_off switch mute lock unlock navigate click
        save rename copy install uninstall approve reject close_the reply forward reset renew extend transfer confirm
        cancel_my book_a order_a file merge push
    """,
    "chat": """
        hi hello hey thanks thank morning evening bye goodbye haha lol cheers sup feeling lonely awful sad happy tired
        upset someone_to good_night good_morning how_are how_s nice_to miss_you i_m i_feel my_friends hallo danke
        tschüs geht guten_morgen wie_geht merci bonjour salut bonsoir bonne_journée ça_va hola gracias buenos_días
        qué_tal adiós ciao grazie buongiorno come_stai olá obrigado obrigada bom_dia tudo_bem dank hoi cześć dziękuję
        jak_się привет спасибо как_дела здравс* привіт дякую як_справи добрий merhaba teşekk* nasılsın selam مرحبا
        شكرا حالك नमस्ते कैसे_हैं धन्यवाद you_ever
        bored your_favorite your_favourite are_you who_are good_afternoon good_to
        see_you talk_later no_worries you_re welcome nice cool great awesome ok okay yeah yep nope sure sorry anxious
        stressed worried depressed heartbroken broke_up miss advice talk_to chat vent tough_day rough_day had_a triste
        traurig mi_sento tudo estou_triste smutno мне_гр* грустно сумно üzgün died crying jou goed
    """,
    "ask": """
        what who whom whose when where which how why is are does do can could what_s who_s tell_me was wer wie wo wann
        welche welcher welches warum wieviel quelle quel qui où quand combien comment pourquoi qué cuál quién cuántos
        cuántas dónde cuándo cómo che quale chi dove quando perché quanti qual quem onde quantos wat wie_is waar
        wanneer hoeveel welke kto co gdzie kiedy ile jaki jaka jakie кто что где когда сколько какой какая какие
        почему хто що де коли скільки який яка яке чому ne kim nerede kaç hangi hangisidir nedir ما ماذا من متى أين كم
        क्या कौन कब कहाँ कितने explain define definition meaning mean means difference describe should would which_one
        anyone know wonder erkläre bedeutet unterschied explique signifie différence explica significa diferencia
        spiegami differenza betekent verschil wyjaśnij znaczy różnica объясни значит разница поясни означає fark
        açıkla name tell list_the dit
    """,
}

TASK_SUBSTRINGS: Final[dict[str, tuple[str, ...]]] = {
    "classify": ("分类", "判断", "情感", "标签", "分類", "判定", "感情", "분류", "감정"),
    "extract": ("提取", "抽取", "列出所有", "抽出", "추출"),
    "summarise": ("总结", "概括", "摘要", "總結", "要約", "まとめ", "요약"),
    "translate": ("翻译", "译成", "翻譯", "翻訳", "訳して", "번역"),
    "code": (
        "python",
        "go写",
        "代码",
        "函数",
        "脚本",
        "单元测试",
        "コード",
        "関数",
        "プログラム",
        "코드",
        "함수",
        "sql",
        "javascript",
    ),
    "plan": ("计划", "规划", "日程", "計画", "계획", "일정"),
    "reason": ("证明", "推导", "逐步", "计算", "証明", "計算", "ステップ", "증명", "계산", "단계별"),
    "create": ("写一首", "写一篇", "故事", "诗", "物語", "詩", "俳句", "이야기", "시를"),
    "write": ("写", "書いて", "써줘", "작성"),
    "act": ("预订", "发送", "取消", "创建", "予約", "送信", "예약", "보내"),
    "chat": ("你好", "谢谢", "您好", "こんにちは", "ありがとう", "元気", "안녕", "감사", "기분"),
    "ask": (
        "什么",
        "哪",
        "谁",
        "多少",
        "吗",
        "几",
        "何",
        "誰",
        "どこ",
        "いつ",
        "ですか",
        "무엇",
        "누구",
        "어디",
        "언제",
        "몇",
        "인가요",
    ),
}

DOMAIN_WORDS: Final[dict[str, str]] = {
    "code": """
        python javascript typescript java rust golang kotlin php ruby sql bash regex html css react django flask api
        apis endpoint function functions class method script query refactor bug debug compile compiler exception async
        thread repo repository codebase linter docker dockerfile kubernetes middleware code pytest pointer variable
        array dataframe pandas commit git github jenkins microservice microservices monolith service database backend
        frontend server deployment crud mkdir linux redis sqlite postgres def const println self elif traceback select
        join null undefined typeerror runtimeerror tests lru cache config sourcing latency rollback migration
        sql-abfrage abfrage fonction función lint hooks node suite npm flag diff datenbank base programm skript
        funktion javascript-funktion container containers helm terraform lambda nginx webpack yarn pip cargo maven
        gradle makefile jupyter notebook numpy tensorflow pytorch spring rails laravel vue svelte angular graphql grpc
        websocket oauth jwt cors http curl ssh cron ci mock fixture stacktrace segfault deadlock recursion algorithm
        closure decorator iterator enum struct generics syntax terminal cli shell powershell passkeys login logins
        localhost webhook js ts c++ c# await fetch parser tokenizer orm schema timestamptz fehler klasse methode
        código classe método codice kod программа функция функцию скрипт класс метод база kernel cpu memory heap mysql
        postgresql mariadb mongodb kafka rabbitmq elasticsearch port transaction função pagination software engineer
        developer
    """,
    "legal": """
        contract contracts clause clauses agreement lease tenant landlord plaintiff defendant appellant court statute
        liability indemnify indemnity indemnification arbitration jurisdiction tort copyright trademark patent law
        legal lawyer attorney ruling negligence breach lawsuit litigation gdpr termination governing confidentiality
        warranty licensee licensor shall hereby offer acceptance revoke revokes unconscionable novo vertrag klausel
        gericht gesetz haftung kläger miete kündigung contrat tribunal droit loi avocat contrato cláusula ley abogado
        contratto legge umowa sąd prawo договор суд закон иск договір sözleşme mahkeme عقد محكمة landlords tenants
        subpoena deposition affidavit notary probate trustee bylaws nda msa sublease eviction custody divorce alimony
        felony misdemeanor prosecutor judge jury verdict appeal injunction damages infringement licence license
        regulation regulatory compliance statutory bankruptcy testament inheritance lawful unlawful illegal
        mietvertrag vermieter mieter anwalt klage urteil erbrecht datenschutz bail locataire propriétaire juge
        jugement héritage inquilino casero juez demanda herencia advogado lei juiz affitto avvocato giudice
        huurcontract verhuurder huurder advocaat wet najemca adwokat prawa договора юрист суда юриста договору адвокат
        kira avukat
    """,
    "medical": """
        patient patients dose dosage mg tablet medication medications drug drugs diagnosis diagnose symptoms symptom
        fever pain chest bp triage hospital clinical cardiology physician doctor nurse therapy treatment disease
        syndrome antibiotics antibiotic paracetamol ibuprofen aspirin metoprolol atorvastatin headache pregnancy
        murmur haemorrhages diaphoretic surgery cancer diabetes insulin vaccine infection discharge patienten arzt
        symptome medikament fieber krankheit médecin symptômes maladie fièvre ordonnance paciente médico síntomas
        enfermedad fiebre paziente medico sintomi farmaco lekarz pacjent objawy пациент врач симптомы диагноз пацієнт
        лікар hasta doktor ilaç مريض طبيب मरीज asthma hypertension penicillin allergic allergy allergies ramipril
        salbutamol inhaler clinic toxic poisonous vomiting nausea rash cough flu covid migraine dizziness fatigue
        bleeding fracture sprain injury wound biopsy mri ct scan ultrasound x-ray ecg blood pressure glucose
        cholesterol thyroid kidney liver lung lungs heart stroke seizure epilepsy arthritis anxiety depression
        psychiatric therapist vaccines pregnant pediatric dental dentist gp prescription prescribed overdose tumour
        tumor oncology anemia dermatitis statin schmerzen kopfweh kopfschmerzen husten krankenhaus tabletten douleur
        toux médicament médicaments hôpital grossesse dolor tos medicamento medicamentos embarazo dor febre remédio
        dolore febbre tosse farmaci ospedale pijn koorts hoest medicijn ziekenhuis ból gorączka kaszel lek leki
        szpital боль температура кашель лекарство больница біль ліки лікарня ağrı ateş öksürük
    """,
    "finance": """
        invoice invoices revenue income salary tax taxes debt loan mortgage interest bond bonds coupon yield stock
        stocks equity dividend portfolio cash net gross eps earnings margin capex ebitda balance ledger
        payment payments refund charge charges transaction spending groceries leasing residual rates basis inflation
        bank credit investment investor audit vat receipt accounting billion rechnung steuer kredit zinsen umsatz
        gehalt facture tva montant impôt crédit taux factura impuesto préstamo ingresos fattura iva imposta prestito
        faktura podatek kredyt налог кредит счет выручка податок рахунок fatura vergi kredi فاتورة ضريبة vendor due
        payable payables receivable gbp usd eur hedge hedging forwards options futures exposure treasury currency
        forex fx shares share etf pension retirement 401k ira brokerage savings budget budgeting expense expenses
        payroll depreciation amortization amortisation goodwill liabilities assets cashflow ebit roi irr npv apr
        refinance refinancing lender collateral default creditor debtor bookkeeping quarterly fiscal profit loss
        profits losses acquisition ipo venture valuation dividends amount aktien anleihe konto sparen rente gewinn
        bilanz haushalt obligations épargne retraite bénéfice bilan acciones ahorro jubilación beneficio
        hipoteca ações poupança imposto juros azioni obbligazioni risparmio mutuo pensione aandelen belasting
        hypotheek akcje oszczędności kredytu podatku акции вклад ипотека кредита налога акції іпотека hisse faiz
        compte courant transfer
    """,
    "science": """
        theorem proof prove irrational integer integers prime primes equation derivative integral continuous pendulum
        velocity km/h temperature pressure boil nitrogen molecule molecules atom atoms protein proteins cell cells dna
        gene enzyme photosynthetic electrons electron photon quantum energy physics chemistry biology membrane
        spectroscopy hypothesis randomized participants correlation variance probability statistical experiment galaxy
        planet primos números gravity species evolution triangle root angle approximation formula sky beweise primzahl
        gleichung temperatur théorème angles preuve énergie teorema energía numeri teoria twierdzenie liczba теорема
        уравнение энергия доказать теорему рівняння denklem teori نظرية प्रमेय train speed mass masses force
        acceleration momentum friction entropy thermodynamics wavelength frequency voltage orbit orbital asteroid
        telescope nebula chemical reaction reactions acid base catalyst isotope polymer bacteria virus ecosystem
        photosynthesis mitochondria chromosome genome neuron neurons lemma corollary matrix vector vectors eigenvalue
        eigenvalues polynomial logarithm limit converges sequence series topology algebra calculus geometry
        combinatorics permutation binomial bayes regression p-value sample dice coin odd even divisible multiple
        digits balls height physik chemie biologie masse kraft geschwindigkeit primzahlen gerade ungerade summe
        wahrscheinlichkeit physique chimie vitesse probabilité nombre nombres entiers física química biología
        velocidad probabilidad número enteros fisica chimica biologia velocità probabilità natuurkunde scheikunde
        snelheid kans fizyka chemia prędkość liczby liczb prawdopodobieństwo физика химия скорость число чисел сумма
        вероятность нечётных фізика хімія швидкість fizik kimya hız sayı olasılık
    """,
}

DOMAIN_SUBSTRINGS: Final[dict[str, tuple[str, ...]]] = {
    "code": (
        "代码",
        "函数",
        "缓存",
        "python",
        "javascript",
        "sql",
        "csv",
        "コード",
        "関数",
        "코드",
        "함수",
        "单元测试",
    ),
    "legal": ("合同", "法律", "法院", "契約", "裁判", "계약", "법원"),
    "medical": ("患者", "医生", "症状", "药", "医師", "薬", "환자", "의사"),
    "finance": ("发票", "贷款", "利率", "税", "請求書", "融資", "대출", "세금"),
    "science": ("证明", "整数", "方程", "物理", "化学", "定理", "証明", "実験", "증명", "방정식"),
}

LANGUAGE_NAMES: Final = """
    english french german spanish italian portuguese dutch polish russian ukrainian japanese chinese mandarin korean
    arabic hindi turkish swedish danish norwegian finnish greek czech hungarian romanian hebrew latin vietnamese
    thai indonesian englisch englische französisch französische deutsch deutsche spanisch spanische italienisch
    italienische japanisch chinesisch russisch polnisch türkisch portugiesisch niederländisch anglais français
    allemand espagnol italien portugais néerlandais japonais chinois russe polonais arabe inglés francés alemán
    español italiano portugués japonés chino ruso inglês francês alemão espanhol inglese francese tedesco spagnolo
    portoghese giapponese cinese russo engels frans duits spaans italiaans angielski angielskiego niemiecki
    francuski hiszpański английский немецкий французский испанский англійську англійською німецьку ingilizce
    ingilizceye almanca fransızca ispanyolca
"""
LANGUAGE_PREPOSITIONS: Final = "into in to auf ins en al a ao em in naar in het na на"

HARD_WORDS: Final = """
    prove proof derive deduce design architect compare trade-off tradeoff tradeoffs analyse analyze evaluate justify
    optimise optimize refactor migrate migration rigorous formal theorem complexity concurrency concurrent distributed
    consistency security architecture strategy assumption assumptions limitations differential implications irrational
    continuous duration risks dependencies milestones beweise begründe analysiere démontre justifie demuestra analiza
    razonamiento докажи обоснуй udowodnij dimostra failure modes downtime argue
"""
CONSTRAINT_WORDS: Final = """
    must exactly only without least most should each every max maximum minimum within under limit include ensure
    required avoid keep except unless höchstens mindestens genau nur ohne muss exactement seulement sans doit
    exactamente solo sin debe esattamente senza deve tylko bez musi только без должен
"""
CODE_WORDS: Final = "def const println self elif select traceback"
"""Words of programs rather than of people."""

RECKONING_WORDS: Final = """
    many much total sum average mean percent percentage days weeks weekday hours remain remains remaining left each per
    expire expires altogether combined difference twice half double triple date wie viele viel tage übrig insgesamt
    combien jours reste cuántos cuántas cuánto días quedan quanti
    quante giorni quantos quantas dias hoeveel dagen ile dni
"""
"""Words that ask for a calculation where numbers stand beside them."""

CONDITION_WORDS: Final = """
    if unless otherwise whether when assuming given suppose then wenn falls sonst angenommen si sinon supposons
    entonces supón se altrimenti jeśli если иначе якщо eğer
"""
STEP_WORDS: Final = """
    then first second finally afterwards next step steps phase phases dann zuerst danach schließlich ensuite puis
    enfin abord luego después finalmente primero poi infine prima potem następnie затем потом сначала
"""

STOPWORDS: Final[dict[str, str]] = {
    "en": """
        the of and to in is that it for you this with on are be what how do can my me have not from at by an your
        which write please i we does was or there who why where if so s t thanks hi hey hello give as no good has had
        they he she we'll them then than any all some talk tell make want need were would could should been about into
        out up how's just like night later know
    """,
    "de": """
        der die das und ist nicht ein eine zu den mit von für auf dem im sich wie ich sie bitte wir auch es bei einen
        einem dass wird nach hallo mir meine mein über ins wenn oder aus als einer folgende folgenden pro kann du man
        was wer wo warum noch schon aber um vor gibt gib hat haben war diese dieser diesem welche welcher wurde mich
        schreib schreibe erstelle heißt danke guten an
    """,
    "fr": """
        le la les des et est une un du en que pour dans qui au ce pas sur avec je vous il par plus sont se nous cette
        ces mon ma merci bonjour l d qu quelle quel à aux sa son deux comment dit on suis êtes avez ai moi bonsoir
        propose donne mais ou où si elle être fait faire quels pourquoi votre vos leur cet même écris
    """,
    "es": """
        el la los las de y que en un una es por con para no se del al lo su más como esta este mi me cuál qué hola
        gracias todos siguiente desde hay cuántos sobre tiene escribe dame quiero puedo puede cómo dónde hacer hazme
        ser son pero muy también cuando donde tengo buenos días soy estoy sus amor
    """,
    "it": """
        il la i gli le di e che è un una per non con del della in sono si da come alla nel questo mi ciao grazie tutti
        ha lo dei seguente ho uno frase scrivi dammi stai sei questa quale quali anche ma più perché voglio posso fare
        alle delle degli dello quanti oggi dove chi
    """,
    "pt": """
        o a os as de e que em um uma é para com não do da no na se por mais como dos das seu este isso olá obrigado
        qual são foi ao faça texto escreva crie sobre você voce meu minha onde quero posso fazer mas muito também
        quando ela ele pelo pela às uns bom dia obrigada letra
    """,
    "nl": """
        de het een en van is dat in te op voor met niet zijn ik je aan er om ook bij naar dit deze hoe wat wordt door
        maar heeft worden zinnen wie hoi goed alles jou mij ben bent kan kun waar waarom welke maak schrijf geef over
        als dan nog wel die graag dank jij wij hun
    """,
    "pl": """
        i w na nie się z do to że jest o jak po co tak ale przez od dla czy są pan pani za jego był oraz wszystkie
        poniższego który która napisz kto gdzie kiedy proszę mi mnie ten ta te była będzie może bardzo cześć dzień
        dobry
    """,
    "tr": """
        ve bir bu için da de ile ne çok en mi var olarak daha gibi kadar nasıl hangi merhaba bugün benim ben olan
        nasılsın şu bana sen kim nerede nedir yaz çevir lütfen kaç sonra önce yarın gerekiyor
    """,
    "sv": "och att det som en på är av för inte med ett jag den till har om du",
    "da": "og at det er en på af for ikke med et jeg den til har om du hvad",
    "cs": "a je se na v že to s z do jak pro za ale co jsem jsou nebo",
    "ro": "și de la în a cu pe nu este care din pentru un o că sunt mai",
    "ru": "и в не на что я с как это по но из у за на от для так все он мы вы или же был пожалуйста",
    "uk": "і в не на що я з як це по але із у за від для та так все він ми ви або був будь ласка й",
}
"""Swedish, Danish, Czech and Romanian stand here so that they are not taken for a neighbour."""

PHONE_WORDS: Final = """
    phone tel telephone telefon telefono telefone telefoon mobile mobil cell cellphone call whatsapp sms fax handy
    handynummer rufnummer telefonnummer portable movil celular cellulare mobiel komorka téléphone teléfono móvil
    komórka telefonu телефон тел телефону 电话 手机 電話 携帯 電話番号 전화 전화번호 휴대폰 هاتف फ़ोन फोन
"""
"""Words before a number that make it a telephone's."""
