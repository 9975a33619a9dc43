"""What happened in the shop these days: conversations written for the demonstration."""

from datetime import timedelta

from helpdesk.demo.acts import (
    Scene,
    assign,
    claim,
    classify,
    hurry,
    join,
    leave,
    note,
    reopen,
    reply,
    resolve,
    says,
    snooze,
    tag,
)

# What the shop's desk calls its customers and their matters.
VIP, NEW, AT_RISK = "VIP", "新客户 New", "潜在问题 At risk"
ORDERS, AFTER_SALES, TECHNICAL = "订单 Orders", "售后 After-sales", "技术 Technical"


def _ago(*, days: float = 0, hours: float = 0, minutes: float = 0) -> timedelta:
    return timedelta(days=days, hours=hours, minutes=minutes)


SCENES = (
    # --- open ------------------------------------------------------------------------------
    Scene(
        key="invoice-title",
        customer="陈雨桐",
        language="zh-hans",
        ago=_ago(minutes=52),
        page="/account/orders/A-20931",
        address="203.0.113.21",
        unread=True,
        acts=(
            says(
                "你好，上周给公司买的三把苔绿茶壶收到了，很喜欢。不过发票抬头写成我个人了。",
                after=0,
            ),
            says("截图发给你们看一下", after=1, files=("invoice-A-20931.png",)),
            claim("agent1", after=3),
            tag("senior", VIP, after=0.5),
            classify("senior", AFTER_SALES, after=0.5),
            reply(
                "agent1",
                "您好雨桐，抱歉给您添麻烦了！我马上为您核对订单 A-20931 的开票信息。",
                after=1,
            ),
            note(
                "agent1", "发票是上周五开的，已经跨月结了吗？需要财务确认能不能红冲重开。", after=4
            ),
            join("agent2", after=3),
            note(
                "agent2",
                "还没跨月，可以红冲重开。请客户提供公司全称和税号就行，纸质件今天 17:00 前能寄出。",
                after=2,
            ),
            reply(
                "agent1",
                "好消息，这张发票可以**红冲重开**。麻烦您把公司全称和税号发给我，"
                "我们今天就重新开具。",
                after=3,
            ),
            says("上海云帆科技有限公司，税号 91310115MA1K4TEST0", after=20),
            says("另外纸质发票能直接寄到公司地址吗？财务那边有点急", after=2),
        ),
    ),
    Scene(
        key="parcel-stuck",
        customer="Amara Osei",
        language="en",
        ago=_ago(minutes=14),
        page="/account/orders/A-20988",
        address="203.0.113.34",
        unread=True,
        acts=(
            says(
                'Hi, the tracking for order A-20988 has said "in transit" since Tuesday and '
                "hasn't moved an inch. It's the gooseneck kettle.",
                after=0,
            ),
            says(
                "It's a birthday present for Saturday so I'm getting a little nervous. Can you "
                "find out where it is?",
                after=3,
            ),
        ),
    ),
    Scene(
        key="no-login-code",
        customer="王建国",
        language="zh-hans",
        ago=_ago(minutes=31),
        page="/login",
        address="203.0.113.55",
        unread=True,
        acts=(
            says("登录的时候一直收不到验证码，换了两次手机号都不行", after=0),
            says("我要改收货地址，再不改就发错地方了，麻烦快一点", after=9),
        ),
    ),
    Scene(
        key="norway",
        customer="",
        language="en",
        ago=_ago(minutes=4),
        page="/#delivery",
        address="203.0.113.80",
        unread=True,
        acts=(says("Do you ship to Norway, and would I pay customs on two teapots?", after=0),),
    ),
    Scene(
        key="kettle-too-hot",
        customer="Jonas Keller",
        language="en",
        ago=_ago(hours=4, minutes=40),
        page="/products/gooseneck-kettle",
        address="203.0.113.91",
        acts=(
            says(
                "My gooseneck kettle is set to 85 °C but the water boils. The display stops at 85 "
                "and stays there. I've put a thermometer in and written the values down.",
                after=0,
                files=("kettle-readings.csv",),
            ),
            claim("agent3", after=6),
            classify("senior", TECHNICAL, after=0.5),
            reply(
                "agent3",
                "Hello Jonas, thank you for measuring so carefully, that helps a lot. Which number "
                "is on the sticker under the base? It starts with `GK-`.",
                after=4,
            ),
            says("GK-2-0931. Bought in September.", after=11),
            note(
                "agent3",
                "Readings look like a sensor that reads 13–14 degrees low once it is above 80. "
                "Third one from the 09 batch this month. @Daniel Okafor is there a recall?",
                after=5,
            ),
            join("senior", after=8),
            note(
                "senior",
                "No recall, but the workshop knows: the probe of that batch sits too high. We swap "
                "the base without asking for the old one back. Firmware cannot fix it.",
                after=6,
            ),
            reply(
                "agent3",
                "We know what it is now, Jonas: the temperature probe in your base sits a little "
                "too high. You did nothing wrong. We will send you a **new base** free of charge; "
                "the kettle itself is fine.\n\nUntil it arrives, please don't leave the kettle on "
                "hold for longer than ten minutes.",
                after=7,
            ),
            says("Great service, thank you! Do I have to send the old base back?", after=170),
        ),
    ),
    Scene(
        key="charged-twice",
        customer="Priya Raman",
        language="en",
        ago=_ago(hours=7, minutes=10),
        page="/checkout",
        address="203.0.113.102",
        acts=(
            says(
                "You charged my card TWICE for order A-20954. 54 euros each time. This is not "
                "acceptable.",
                after=0,
            ),
            claim("agent1", after=4),
            classify("senior", ORDERS, after=0.5),
            tag("senior", AT_RISK, after=0.5),
            hurry("senior", after=0.5),
            reply(
                "agent1",
                "Hello Priya, I understand, and I'm sorry for the fright. I can see two payments "
                "of € 54 at 09:12 and 09:13. I'm checking with our payment provider which one is "
                "only reserved.",
                after=5,
            ),
            says(
                "Reserved or not, the money is gone from my account. I want to speak to someone "
                "senior.",
                after=6,
            ),
            note(
                "agent1",
                "第一笔已扣款，第二笔也显示“已扣款”，不是预授权。"
                "客户要求升级处理，@赵岚 麻烦安排一下。",
                after=3,
            ),
            assign("supervisor", "senior", after=7),
            note("supervisor", "Daniel, 退款额度我已批准，直接退第二笔即可。", after=2),
            reply(
                "senior",
                "Priya, I'm Daniel and I have taken this over from my colleague. You are right: "
                "both payments went through. I have returned the second one just now; your bank "
                "needs two to three working days to show it. The reference is RF-77120.",
                after=9,
            ),
            leave("agent1", after=4),
            says(
                "OK. I'll believe it when I see it, but thank you for a straight answer.", after=48
            ),
        ),
    ),
    Scene(
        key="gift-card",
        customer="Claire Dubois",
        language="en",
        ago=_ago(hours=1, minutes=25),
        page="/products/morning-cups",
        address="203.0.113.215",
        acts=(
            says(
                "Could you add a handwritten card to order A-20991? It's a wedding present and "
                "goes straight to the couple.",
                after=0,
            ),
            claim("agent1", after=3),
            tag("senior", NEW, after=0.5),
            classify("senior", ORDERS, after=0.5),
            reply(
                "agent1",
                "What a lovely present! Of course. What shall we write, and shall we leave the "
                "price out of the parcel?",
                after=4,
            ),
            says(
                '"To many slow mornings together. Love, Claire & Paul". And yes, no price please.',
                after=12,
            ),
            note("agent1", "已通知打包台：手写卡片，不放发票。写好后拍照发给客户。", after=3),
        ),
    ),
    # --- waiting for the customer ----------------------------------------------------------
    Scene(
        key="chipped-lid",
        customer="Sofia Marino",
        language="en",
        ago=_ago(days=1, hours=3),
        page="/account/orders/A-20902",
        address="203.0.113.113",
        acts=(
            says("Hello! My teapot arrived today, but a piece of the lid is missing :(", after=0),
            says("Here is a photo.", after=2, files=("lid.jpg",)),
            claim("agent2", after=5),
            classify("senior", AFTER_SALES, after=0.5),
            reply(
                "agent2",
                "Oh no, that must have happened on the way. Thank you for the photo, Sofia. We "
                "throw lids to fit each pot, so I've asked the workshop for a matching one.",
                after=6,
            ),
            note("agent2", "工坊确认：同批次还有两个盖子，下午可以一起烧。", after=55),
            reply(
                "agent2",
                "A new lid in the same moss glaze comes out of the kiln tomorrow. Shall we send it "
                "to the address of your order, Via dei Mille 12 in Bologna?",
                after=8,
            ),
        ),
    ),
    Scene(
        key="e-invoice-sent",
        customer="赵蕾",
        language="zh-hans",
        ago=_ago(days=1, hours=6),
        page="/account/orders/A-20890",
        address="203.0.113.126",
        acts=(
            says("请问订单 A-20890 的电子发票发到哪个邮箱了？我一直没收到。", after=0),
            claim("agent1", after=8),
            classify("senior", AFTER_SALES, after=0.5),
            reply(
                "agent1",
                "您好，系统显示发送到了 QQ 邮箱，可能进了垃圾箱。我刚才重新发送了一次，请查收。",
                after=3,
            ),
            says("还是没有，能换成公司邮箱吗？", after=25),
            reply(
                "agent1",
                "可以的，已改发到您的公司邮箱，附件是 PDF 和 OFD 两种格式。收到后麻烦回复我一声。",
                after=6,
            ),
        ),
    ),
    Scene(
        key="account-locked",
        customer="Tom Whitaker",
        language="en",
        ago=_ago(hours=22),
        page="/login",
        address="203.0.113.137",
        acts=(
            says(
                'I\'m locked out of my account. It says "too many attempts" but I only tried '
                "once this morning.",
                after=0,
            ),
            claim("agent3", after=12),
            classify("senior", TECHNICAL, after=0.5),
            note(
                "agent3",
                "Log shows 40 failed tries from another country last night. Password "
                "guessing, none succeeded.",
                after=6,
            ),
            reply(
                "agent3",
                "Hello Tom, somebody else tried to guess your password last night, without "
                "success, and the account locked itself. I've opened it again and sent you a link "
                "to set a new password. Could you tell me once you are in?",
                after=4,
            ),
        ),
    ),
    # --- set aside -------------------------------------------------------------------------
    Scene(
        key="canister-restock",
        customer="Elena Petrova",
        language="en",
        ago=_ago(days=2, hours=4),
        page="/products/tea-canister",
        address="203.0.113.148",
        acts=(
            says(
                'The page says "few left" but I can\'t put four tea canisters into the basket?',
                after=0,
            ),
            claim("agent2", after=9),
            classify("senior", ORDERS, after=0.5),
            reply(
                "agent2",
                "You're right, Elena, only three are left. Twelve more come out of the kiln on the "
                "day after tomorrow. Shall I keep four for you?",
                after=5,
            ),
            says("Yes please! Write to me when they are there.", after=14),
            note(
                "agent2",
                "Four canisters noted on the workshop's list. Write once they are unpacked.",
                after=2,
            ),
            snooze("agent2", hours=20, after=1),
        ),
    ),
    Scene(
        key="custom-glaze",
        customer="顾清",
        language="zh-hans",
        ago=_ago(days=3, hours=2),
        page="/products/nesting-bowls",
        address="203.0.113.159",
        acts=(
            says("想定制一套叠碗，釉色能做成天青色吗？送给老师退休的礼物。", after=0),
            claim("senior", after=15),
            tag("senior", VIP, after=0.5),
            classify("senior", ORDERS, after=0.5),
            reply(
                "senior",
                "可以的，定制釉色加价 12 欧元，烧制大约需要十天。您希望在碗底刻字吗？最多六个字。",
                after=8,
            ),
            says("刻“桃李满园”四个字，谢谢", after=30),
            note("senior", "已发给工坊，周五试釉，出窑后拍照给客户确认颜色。", after=5),
            reply(
                "senior", "好的，已经安排。试釉出窑后我会拍照请您确认颜色，再正式烧制。", after=2
            ),
            snooze("senior", hours=52, after=1),
        ),
    ),
    # --- settled ---------------------------------------------------------------------------
    Scene(
        key="cups-returned",
        customer="李娜",
        language="zh-hans",
        ago=_ago(days=4, hours=1),
        page="/account/orders/A-20861",
        address="203.0.113.160",
        acts=(
            says("晨间对杯比想象中小，想退货，怎么操作？", after=0),
            claim("agent1", after=4),
            classify("senior", AFTER_SALES, after=0.5),
            reply(
                "agent1",
                "您好李娜，六十天内都可以退，运费由我们承担。取件码 **JD8841** 已发到您的手机，"
                "快递员明天上午上门。",
                after=6,
            ),
            says("好的，谢谢", after=5),
            resolve("agent1", after=10),
            says("退款大概几天到账？", after=1440),
            reply(
                "agent1",
                "工坊今天上午收到了杯子，34 欧元已原路退回，一般一到三个工作日到账。",
                after=9,
            ),
            says("收到了，速度很快 👍", after=300),
            resolve("agent1", after=12),
        ),
    ),
    Scene(
        key="address-change",
        customer="Ben Howarth",
        language="en",
        ago=_ago(days=3, hours=7),
        page="/account/orders/A-20877",
        address="203.0.113.171",
        acts=(
            says(
                "Can I still change the delivery address of A-20877? I typed the old flat.", after=0
            ),
            claim("agent2", after=2),
            classify("senior", ORDERS, after=0.5),
            reply("agent2", "Just in time, it's being packed. What is the new address?", after=2),
            says("14 Mill Lane, Flat 3, Leeds LS6 2QT", after=3),
            reply("agent2", "Changed, and the label is printed anew. It leaves today.", after=4),
            says("You're a star, thanks!", after=2),
            resolve("agent2", after=1),
        ),
    ),
    Scene(
        key="tray-care",
        customer="孙伟",
        language="zh-hans",
        ago=_ago(days=5, hours=5),
        page="/products/ash-tray",
        address="203.0.113.182",
        acts=(
            says("茶盘用了两个月有点发白，是质量问题吗？", after=0),
            join("agent3", after=10),
            note(
                "agent3",
                "Not a defect: ash wood dries out when it is washed with soap. "
                "Linseed oil, thin, twice a year. Could somebody answer in Chinese?",
                after=4,
            ),
            claim("agent1", after=6),
            classify("senior", AFTER_SALES, after=0.5),
            reply(
                "agent1",
                "您好，这不是质量问题，是木头缺油了。用软布薄薄擦一层亚麻籽油，晾一晚就会恢复，"
                "以后半年保养一次就好。平时请不要用洗洁精。",
                after=5,
            ),
            says("原来如此，今晚就试试，多谢！", after=18),
            resolve("agent1", after=3),
            reopen("supervisor", after=60),
            note("supervisor", "请补发一小瓶亚麻籽油给客户，并把保养说明加到商品页。", after=2),
            reply("agent1", "我们给您寄了一小瓶亚麻籽油，随附保养卡，不用另外买啦。", after=35),
            says("太贴心了，谢谢你们！", after=90),
            resolve("agent1", after=5),
        ),
    ),
    # --- the inbox of one team -------------------------------------------------------------
    Scene(
        key="cafe-quotation",
        customer="Harbour Light Coffee",
        language="en",
        ago=_ago(days=1, hours=1),
        inbox="trade",
        page="/trade",
        address="203.0.113.193",
        acts=(
            says(
                "We're opening a second café in March and need 20 pairs of cups, 6 teapots and 6 "
                "trays. Could you make us an offer?",
                after=0,
            ),
            claim("senior", after=20),
            tag("senior", VIP, after=0.5),
            classify("senior", ORDERS, after=0.5),
            reply(
                "senior",
                "With pleasure. Here is our offer; it holds for 30 days and includes delivery.",
                after=45,
                files=("quotation-T-0417.pdf",),
            ),
            note("senior", "15 % is the most we can give below 50 pieces.", after=3),
            says("That looks good. One question: can our logo go on the cups?", after=180),
        ),
    ),
    Scene(
        key="tea-house",
        customer="云间茶舍",
        language="zh-hans",
        ago=_ago(hours=2),
        inbox="trade",
        page="/trade",
        address="203.0.113.204",
        unread=True,
        acts=(
            says("你好，我们是一家茶馆，想长期采购茶壶和茶盘，每月大概三十套。", after=0),
            says("请问有没有阶梯价？可以先寄样品吗？", after=2),
        ),
    ),
)
