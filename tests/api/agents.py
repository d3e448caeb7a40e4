"""Who looks at links before a reader does: previews of chats, crawlers, mail scanners, translators, browsers that fetch ahead.
(name, User-Agent, what else they typically send). More than thirty of the User-Agents are captured ones, as
https://github.com/monperrus/crawler-user-agents lists them; the others are what the senders say of themselves, or browsers'."""

HTML = {"Accept": "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"}
ANY = {"Accept": "*/*"}
CHROME = ("Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) {} Safari/537.36")
GOOGLE_PHONE = ("Mozilla/5.0 (Linux; Android 6.0.1; Nexus 5X Build/MMB29P) AppleWebKit/537.36 (KHTML, like Gecko) "
                "Chrome/141.0.7390.122 Mobile Safari/537.36 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)")
SNIPPET = "+https://developers.google.com/+/web/snippet/"
NAVIGATION = HTML | {"Sec-Fetch-Mode": "navigate", "Sec-Fetch-Dest": "document", "Upgrade-Insecure-Requests": "1"}

AGENTS = (
    ("Slack link", "Slackbot-LinkExpanding 1.0 (+https://api.slack.com/robots)", {"Accept": "*/*", "Range": "bytes=0-32768"}),
    ("Slack", "Slackbot 1.0 (+https://api.slack.com/robots)", ANY),
    ("Slack images", "Slack-ImgProxy (+https://api.slack.com/robots)", {"Accept": "image/*"}),
    ("Twitter", "Twitterbot/1.0", HTML),
    ("Facebook", "facebookexternalhit/1.1 (+http://www.facebook.com/externalhit_uatext.php)", {"Range": "bytes=0-524287"}),
    ("Facebook catalogue", "facebookcatalog/1.0", ANY),
    ("Meta fetcher", "meta-externalfetcher/1.1 (+https://developers.facebook.com/docs/sharing/webmasters/crawler)", ANY),
    ("WhatsApp", "WhatsApp/0.3.4941 N", {"Accept-Encoding": "gzip"}),
    ("WhatsApp on iOS", "WhatsApp/2.21.61.9 i", {"Range": "bytes=0-307199"}),
    ("Telegram", "TelegramBot (like TwitterBot)", ANY),
    ("Discord", "Mozilla/5.0 (compatible; Discordbot/2.0; +https://discordapp.com)", ANY),
    ("Discord images", "Mozilla/5.0 (Macintosh; Intel Mac OS X 11.6; rv:92.0) Gecko/20100101 Firefox/92.0", HTML),
    ("Skype", "Mozilla/5.0 (Windows NT 6.1; WOW64) SkypeUriPreview Preview/0.5", ANY),
    ("Teams", "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Teams/1.6.00.4472 "
              "Chrome/102.0.5005.167 Electron/19.1.8 Safari/537.36", HTML),
    ("Safe Links", "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/79.0.3945.74 "
                   "Safari/537.36 Edg/79.0.309.43", NAVIGATION),
    ("Bing preview", "Mozilla/5.0 (Windows NT 6.1; WOW64) AppleWebKit/534+ (KHTML, like Gecko) BingPreview/1.0b", HTML),
    ("Bing", "Mozilla/5.0 (compatible; bingbot/2.0; +http://www.bing.com/bingbot.htm)",
     HTML | {"From": "bingbot(at)microsoft.com"}),
    ("Google", "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)",
     HTML | {"From": "googlebot(at)googlebot.com"}),
    ("Google on a phone", GOOGLE_PHONE, HTML),
    ("Google page renderer", CHROME.format("Chrome/56.0.2924.87") + f" Google-PageRenderer Google ({SNIPPET})", HTML),
    ("Google snippets", f"Mozilla/5.0 (Windows NT 6.1; rv:6.0) Gecko/20110814 Firefox/6.0 Google ({SNIPPET})", HTML),
    ("Gmail images", "Mozilla/5.0 (Windows NT 5.1; rv:11.0) Gecko Firefox/11.0 (via ggpht.com GoogleImageProxy)",
     {"Accept": "image/*"}),
    ("Google reading aloud", CHROME.format("Chrome/41.0.2272.118") + " (compatible; Google-Read-Aloud; "
     "+https://developers.google.com/search/docs/crawling-indexing/overview-google-crawlers)", ANY),
    ("Apple", "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_10_1) AppleWebKit/600.2.5 (KHTML, like Gecko) "
              "Version/8.0.2 Safari/600.2.5 (Applebot/0.1; +http://www.apple.com/go/applebot)", HTML),
    ("iMessage", "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_11_1) AppleWebKit/601.2.4 (KHTML, like Gecko) "
                 "Version/9.0.1 Safari/601.2.4 facebookexternalhit/1.1 Facebot Twitterbot/1.0", HTML),
    ("LinkedIn", "LinkedInBot/1.0 (compatible; Mozilla/5.0; Apache-HttpClient +http://www.linkedin.com)", ANY),
    ("Pinterest", "Mozilla/5.0 (compatible; Pinterestbot/1.0; +http://www.pinterest.com/bot.html)", HTML),
    ("Reddit", "Mozilla/5.0 (compatible; redditbot/1.0; +http://www.reddit.com/feedback)", ANY),
    ("Mattermost", "Mattermost-Bot/1.1", HTML),
    ("Rocket.Chat", "Mozilla/5.0 (compatible; Rocket.Chat/7.2.0; +https://rocket.chat)", {"Accept-Language": "en"}),
    ("Zulip", "Mozilla/5.0 (compatible; ZulipURLPreview/9.4; +https://zulip.com)", HTML),
    ("Matrix", "Synapse (bot; +https://github.com/matrix-org/synapse)", HTML),
    ("Signal", "WhatsApp/2", {"Accept": "text/html", "Range": "bytes=0-1048575"}),
    ("Viber", "Viber", ANY),
    ("LINE", "facebookexternalhit/1.1;line-poker/1.0", {"Accept-Language": "ja"}),
    ("KakaoTalk", "facebookexternalhit/1.1; kakaotalk-scrap/1.0; +https://devtalk.kakao.com/t/scrap/33984", ANY),
    ("VK", "Mozilla/5.0 (compatible; vkShare; +http://vk.com/dev/Share)", HTML),
    ("Yandex", "Mozilla/5.0 (compatible; YandexBot/3.0; +http://yandex.com/bots)", HTML | {"From": "support@search.yandex.ru"}),
    ("Baidu", "Mozilla/5.0 (compatible; Baiduspider/2.0; +http://www.baidu.com/search/spider.html)",
     {"Accept-Language": "zh-cn"}),
    ("DuckDuckGo", "DuckDuckBot/1.1; (+http://duckduckgo.com/duckduckbot.html)", HTML),
    ("Archive", "Mozilla/5.0 (compatible; archive.org_bot +http://archive.org/details/archive.org_bot)",
     {"Accept-Encoding": "identity"}),
    ("Snapchat", "Snap URL Preview Service; bot; snapchat; https://developers.snap.com/robots", ANY),
    ("Tumblr", "Tumblr/14.0.835.186", ANY),
    ("Notion", "Mozilla/5.0 (compatible; NotionEmbedder; +https://notion.so)", ANY),
    ("Proofpoint", "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:91.0) Gecko/20100101 Firefox/91.0",
     NAVIGATION | {"Via": "1.1 urldefense.proofpoint.com"}),
    ("Mimecast", "Mozilla/5.0 (Windows NT 10.0; WOW64; Trident/7.0; rv:11.0) like Gecko",
     HTML | {"X-Mimecast-Spam-Score": "0"}),
    ("Barracuda", "BarracudaCentral/1.0 (link checker)", ANY),
    ("Barracuda sentinel", "Mozilla/5.0 (compatible; Barracuda Sentinel (EE))", ANY),
    ("VirusTotal", "AppEngine-Google; (+http://code.google.com/appengine; appid: s~virustotalcloud)", ANY),
    ("urlscan.io", CHROME.format("HeadlessChrome/74.0.3729.169"), NAVIGATION),
    ("Iframely", "Iframely/1.3.1 (+https://iframely.com/docs/about) Atlassian", ANY),
    ("Embedly", "Mozilla/5.0 (compatible; Embedly/0.2; +http://support.embed.ly/)", HTML),
    ("W3C validator", "W3C_Validator/1.3", HTML),
    ("curl", "curl/8.14.1", ANY),
    ("Wget", "Wget/1.24.5", {"Accept": "*/*", "Accept-Encoding": "identity"}),
    ("Python", "python-requests/2.32.4", {"Accept": "*/*", "Accept-Encoding": "gzip, deflate"}),
    ("Go", "Go-http-client/1.1", {"Accept-Encoding": "gzip"}),
    ("nobody", "", {}),
    ("Chrome ahead, once", CHROME.format("Chrome/99.0.4844.51"), NAVIGATION | {"Purpose": "prefetch"}),
    ("Chrome ahead", CHROME.format("Chrome/141.0.0.0"), NAVIGATION | {"Sec-Purpose": "prefetch"}),
    ("Chrome rendering ahead", CHROME.format("Chrome/141.0.0.0"), NAVIGATION | {"Sec-Purpose": "prefetch;prerender"}),
    ("Chrome by a proxy", CHROME.format("Chrome/141.0.0.0"), NAVIGATION | {"Sec-Purpose": "prefetch;anonymous-client-ip"}),
    ("Firefox ahead", "Mozilla/5.0 (X11; Linux x86_64; rv:60.0) Gecko/20100101 Firefox/60.0", HTML | {"X-Moz": "prefetch"}),
    ("Safari's top sites", "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_9_3) AppleWebKit/537.75.14 (KHTML, like Gecko) "
                           "Version/7.0.3 Safari/7046A194A", HTML | {"X-Purpose": "preview"}),
)

# (method, what comes with it)
LOOKS = (
    ("GET", {}), ("HEAD", {}), ("OPTIONS", {"Origin": "https://example.org", "Access-Control-Request-Method": "POST"}),
    ("GET", {"Range": "bytes=0-99"}), ("GET", {"If-None-Match": '"x"', "If-Modified-Since": "Fri, 01 Jan 2038 00:00:00 GMT"}),
)
